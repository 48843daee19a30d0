import { expect, test } from 'vitest';
import { notAcknowledged } from '../src/acknowledged.ts';
import { route } from './build.ts';

const told = (...conditions: readonly object[]) => ({
  ...route([], { generation: 4 }),
  status: { parents: [{ parentRef: { name: 'gateway' }, controllerName: 'example.com/gateway', conditions }] },
});
const accepted = (observedGeneration: number | undefined, status = 'True') => ({
  type: 'Accepted',
  status,
  message: 'why',
  ...(observedGeneration === undefined ? {} : { observedGeneration }),
});

test('a gateway that tells nothing is not waited for', () => {
  expect(notAcknowledged(route([], { generation: 4 }))).toBeUndefined();
  expect(notAcknowledged(told(accepted(undefined)))).toBeUndefined();
});

test('a gateway that has taken in an older generation is waited for', () => {
  expect(notAcknowledged(told(accepted(3)))).toBe(
    'HTTPRoute default/shop: gateway gateway has taken in generation 3, not yet 4',
  );
  expect(notAcknowledged(told(accepted(4)))).toBeUndefined();
});

test('what a gateway said that the route no longer names does not count', () => {
  const old = { ...told(accepted(4)) };
  const parents = [...old.status.parents, { parentRef: { name: 'former' }, conditions: [accepted(1)] }];
  expect(notAcknowledged({ ...old, status: { parents } })).toBeUndefined();
});

test('a route that no gateway accepts is not routed', () => {
  expect(notAcknowledged(told(accepted(4, 'False')))).toContain('no gateway accepts it: why');
});
