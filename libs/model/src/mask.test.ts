import { describe, expect, it } from 'vitest';
import { hiding } from './mask.ts';

const hidden = (text: string, ...secrets: string[]): string => hiding(secrets)(text);

describe('a secret of few characters', () => {
  it.each(['5', '0', '.', '-', ',', '95', '0.5', 'e', '-1', '+'])('%j alters no number', (secret) => {
    const numbers = '[0.95, 5, 1e5, -1.5, 95, 1,000] 0.5';
    expect(hidden(numbers, secret)).toBe(numbers);
  });

  it('alters no word, and is hidden where it stands alone', () => {
    expect(hidden('a cat, x=a, "a"', 'a')).toBe('***** cat, x=*****, "*****"');
    expect(hidden('s3cret: s3 refused', 's3')).toBe('s3cret: ***** refused');
    expect(hidden('élan é', 'é')).toBe('élan *****');
  });
});

describe('a longer secret', () => {
  it('is hidden wherever it stands', () => {
    expect(hidden('xhunter2y hunter2', 'hunter2')).toBe('x*****y *****');
  });

  it('of digits is hidden, but never as a part of a longer number', () => {
    expect(hidden('pin 1234, id1234, 0.1234, 12345, 1234.5, 1234e5', '1234')).toBe(
      'pin *****, id*****, 0.1234, 12345, 1234.5, 1234e5',
    );
  });

  it('goes before one that it holds, and characters that patterns know are taken as they are', () => {
    expect(hidden('abcdef abcd', 'abcd', 'abcdef')).toBe('***** *****');
    expect(hidden('a.b*c a-b*c', 'a.b*c')).toBe('***** a-b*c');
    expect(hidden('as it was', '')).toBe('as it was');
  });
});
