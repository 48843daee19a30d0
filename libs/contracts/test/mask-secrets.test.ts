import { expect, test } from 'vitest';
import { maskSecrets } from '../src/index.ts';

test.each([
  ['as it is', 'refused: token hunter22&more', 'refused: token *****'],
  ['in a URL', 'GET /?t=hunter22%26more failed', 'GET /?t=***** failed'],
  ['in base64', `Basic ${Buffer.from('hunter22&more').toString('base64')}`, 'Basic *****'],
])('a secret value is masked %s', (_where, text, masked) => {
  expect(maskSecrets(['hunter22&more'])(text)).toBe(masked);
});

test('a secret value with a line feed at its end is masked without it as well, and one with quotes inside JSON', () => {
  expect(maskSecrets(['s3cret\n'])('x s3cret y')).toBe('x ***** y');
  expect(maskSecrets(['a"b'])('{"t":"a\\"b"}')).toBe('{"t":"*****"}');
});

test('a secret value is masked in a form, and where a template has put it into a URL as it is', () => {
  const secret = 'pass word/"x"';
  expect(maskSecrets([secret])(`a=${new URLSearchParams({ b: secret })}`)).toBe('a=b=*****');
  expect(maskSecrets([secret])(`Get "${new URL(`http://x/v/${secret}/w`).href}"`)).toBe('Get "http://x/v/*****/w"');
});

test('of two secrets that overlap nothing is left', () => {
  expect(maskSecrets(['abc', 'abcdef'])('abcdef abc')).toBe('***** *****');
});

test('an empty secret masks nothing', () => {
  expect(maskSecrets(['', '\n'])('as it was')).toBe('as it was');
});

test.each(['', 'u:', 'user:', 'admin:'])('the password of `%s…` is masked in base64', (user) => {
  const encoded = Buffer.from(`${user}hunter22`).toString('base64');
  const masked = maskSecrets(['hunter22'])(`Basic ${encoded}`);
  expect(masked).toContain('*****');
  expect(Buffer.from(masked.slice(6).replaceAll('*****', ''), 'base64').toString()).not.toContain('unter');
});
