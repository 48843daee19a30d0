import { expect, test } from 'vitest';
import { createRewrites, laterWriter, mayBeWrittenBy, otherWriter } from '../src/index.ts';

const rewrite = (content: string, object = 'route', purpose = '') => ({ object, purpose, content });

test('the same content is written five times more in a row, then once a minute', () => {
  let now = 0;
  const rewrites = createRewrites({ now: () => now });
  const written = (): boolean => {
    const allowed = rewrites.allows(rewrite('weight 20'));
    if (allowed) rewrites.wrote(rewrite('weight 20'), 'stored');
    return allowed;
  };
  expect(Array.from({ length: 8 }, written)).toEqual([true, true, true, true, true, true, false, false]);
  now += 60_000;
  expect([written(), written()]).toEqual([true, false]);
});

test('other content starts anew; objects and purposes do not count for each other', () => {
  const rewrites = createRewrites({ atOnce: 0, now: () => 0 });
  rewrites.wrote(rewrite('weight 20'), 'stored');
  expect(rewrites.allows(rewrite('weight 20'))).toBe(false);
  expect(rewrites.allows(rewrite('weight 40'))).toBe(true);
  expect(rewrites.allows(rewrite('weight 20', 'other'))).toBe(true);
  expect(rewrites.allows(rewrite('weight 20', 'route', 'release'))).toBe(true);
  expect(rewrites.wasWritten(rewrite('weight 20'))).toBe(true);
  expect(rewrites.wasWritten(rewrite('weight 40'))).toBe(false);
  expect([rewrites.lastStored('route'), rewrites.lastStored('other')]).toEqual(['stored', undefined]);
});

const written = (...managedFields: readonly object[]): { metadata: object } => ({ metadata: { managedFields } });
const own = { manager: 'sluice', operation: 'Update', time: '2026-11-21T10:00:00Z' };

test('the later writer is the last other one, if it wrote in the second of our write or after it', () => {
  const argocd = { manager: 'argocd-controller', operation: 'Apply', time: '2026-11-21T10:00:00Z' };
  expect(laterWriter(written(own, argocd), 'sluice')).toBe('argocd-controller');
  expect(laterWriter(written(own, { ...argocd, time: '2026-11-21T09:59:59Z' }), 'sluice')).toBeUndefined();
});

test('who writes only the status is no other writer', () => {
  const status = { manager: 'gateway', subresource: 'status', time: '2026-11-21T11:00:00Z' };
  expect(laterWriter(written(own, status), 'sluice')).toBeUndefined();
  expect(otherWriter(written(own, status), 'sluice')).toBeUndefined();
});

test('nobody has undone anything that was never written', () => {
  const kubectl = { manager: 'kubectl', time: '2026-11-21T11:00:00Z' };
  expect(laterWriter(written(kubectl), 'sluice')).toBeUndefined();
  expect(otherWriter(written(kubectl), 'sluice')).toBe('kubectl');
});

test('what another one alone has written is not ours, and where writers are not recorded it may be', () => {
  expect(mayBeWrittenBy(written({ manager: 'kubectl' }), 'sluice')).toBe(false);
  expect(mayBeWrittenBy(written({ manager: 'kubectl' }, own), 'sluice')).toBe(true);
  expect(mayBeWrittenBy({ metadata: {} }, 'sluice')).toBe(true);
});
