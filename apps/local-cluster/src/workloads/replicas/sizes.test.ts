import { expect, test } from 'vitest';
import type { Deployment, ReplicaSet } from './kinds.ts';
import { bounds, currentSize, oldSizes, scaledSizes } from './sizes.ts';

const deployment = (replicas: number, maxSurge?: number | string, maxUnavailable?: number | string): Deployment =>
  ({
    spec: { replicas, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } },
  }) as Deployment;
const set = (replicas: number, availableReplicas = replicas, annotated?: [desired: number, most: number]): ReplicaSet =>
  ({
    metadata: {
      annotations: annotated && {
        'deployment.kubernetes.io/desired-replicas': String(annotated[0]),
        'deployment.kubernetes.io/max-replicas': String(annotated[1]),
      },
    },
    spec: { replicas },
    status: { replicas, availableReplicas },
  }) as unknown as ReplicaSet;

test.each([
  [10, undefined, undefined, { surge: 3, unavailable: 2 }],
  [1, '25%', '25%', { surge: 1, unavailable: 0 }],
  [4, 0, 0, { surge: 0, unavailable: 1 }],
  [0, 0, 0, { surge: 0, unavailable: 0 }],
  [3, 0, 9, { surge: 0, unavailable: 3 }],
  [3, '100%', '0%', { surge: 3, unavailable: 0 }],
])('of %s replicas maxSurge %s and maxUnavailable %s leave %o', (replicas, surge, unavailable, expected) => {
  expect(bounds(deployment(replicas, surge, unavailable))).toEqual(expected);
});

test('the new set takes what surge leaves room for, and never more than it should end with', () => {
  expect(currentSize(deployment(10, 2, 0), undefined, [set(10)])).toBe(2);
  expect(currentSize(deployment(10, 2, 0), set(2), [set(10)])).toBe(2);
  expect(currentSize(deployment(10, 2, 0), set(9), [set(1)])).toBe(10);
  expect(currentSize(deployment(3, 1, 0), set(5), [])).toBe(3);
});

test('of the old sets the pods that are of no use go first, then as many as availability allows', () => {
  const sick = set(3, 1);
  const well = set(5);
  expect(oldSizes(deployment(10, 0, 2), set(2, 2), [sick, well])).toEqual(new Map([[sick, 1]]));
  expect(oldSizes(deployment(10, 0, 4), set(2, 2), [sick, well])).toEqual(
    new Map([
      [sick, 0],
      [well, 4],
    ]),
  );
  expect(oldSizes(deployment(10, 2, 0), set(2, 0), [set(10)])).toEqual(new Map());
});

test('a Deployment that was scaled in mid-update keeps its proportions, down to nothing', () => {
  const [old, current] = [set(8, 8, [10, 13]), set(5, 0, [10, 13])];
  expect(scaledSizes(deployment(15, 3, 2), { current, old: [old] })).toEqual(
    new Map([
      [old, 11],
      [current, 7],
    ]),
  );
  expect(scaledSizes(deployment(0, 3, 2), { current, old: [old] })).toEqual(
    new Map([
      [old, 0],
      [current, 0],
    ]),
  );
});
