import { describe, expect, test } from 'vitest';
import { canaryCounts, idealPair } from './canary-replicas.ts';
import type { SetView } from './sets.ts';
import { surgeOf } from './surge.ts';

const set = (name: string, spec: number, available: number, revision = 1): SetView => ({
  name,
  hash: name,
  createdAt: revision,
  revision,
  spec,
  replicas: spec,
  ready: available,
  available,
  deadline: undefined,
  desired: undefined,
  stored: undefined,
});

describe('the ideal pair comes nearest to the weight', () => {
  test.each([
    [1, 49, 0, 0, 1],
    [1, 50, 0, 1, 0],
    [1, 1, 1, 1, 1],
    [1, 99, 1, 1, 1],
    [2, 1, 0, 1, 1],
    [2, 1, 1, 1, 2],
    [2, 99, 1, 2, 1],
    [3, 10, 1, 1, 3],
    [3, 50, 0, 2, 1],
    [3, 33, 1, 1, 2],
    [3, 49, 1, 2, 2],
    [10, 14, 0, 1, 9],
    [10, 15, 0, 2, 8],
    [10, 18, 1, 2, 9],
    [10, 24, 1, 3, 8],
    [10, 99, 1, 10, 1],
  ])('%i replicas at %i %% with surge %i: %i canary, %i stable', (replicas, weight, surge, canary, stable) => {
    expect(idealPair(replicas, weight, 100, surge)).toEqual({ canary, stable });
  });
});

describe('one step towards it respects surge and availability', () => {
  type Row = [
    replicas: number,
    weight: number,
    maxSurge: number | string,
    maxUnavailable: number | string,
    stable: [number, number],
    canary: [number, number],
    others: number,
    toStable: number,
    toCanary: number,
  ];
  const rows: Row[] = [
    [10, 20, '20%', 0, [10, 10], [0, 0], 0, 10, 2],
    [10, 20, '20%', 0, [10, 10], [2, 2], 0, 8, 2],
    [10, 30, 2, 0, [10, 10], [0, 0], 0, 10, 2],
    [10, 30, 0, 2, [10, 10], [0, 0], 0, 8, 0],
    [10, 50, 2, 1, [10, 10], [0, 0], 0, 9, 2],
    [10, 100, 3, 0, [7, 8], [6, 3], 0, 7, 6],
    [10, 100, 1, 0, [10, 2], [10, 8], 0, 2, 9],
    [10, 30, 0, 3, [8, 5], [4, 4], 0, 7, 3],
    [10, 30, 1, 0, [1, 1], [0, 0], 3, 7, 1],
    [10, 30, 0, 3 - 2, [8, 6], [4, 2], 3, 8, 4],
    [10, 5, 0, 1, [9, 9], [0, 0], 0, 9, 1],
    [10, 10, '0%', '0%', [10, 10], [0, 0], 0, 9, 0],
    [1, 51, 0, 1, [1, 1], [0, 0], 0, 0, 0],
    [3, 99, 0, 2, [3, 3], [0, 0], 0, 1, 0],
    [4, 100, 1, 0, [4, 1], [1, 1], 0, 3, 1],
    [4, 0, 1, 0, [0, 0], [4, 4], 0, 1, 4],
    [4, 0, 1, 0, [1, 0], [4, 4], 0, 1, 4],
    [4, 0, 1, 0, [1, 1], [4, 4], 0, 1, 3],
    [4, 100, 4, 4, [4, 4], [0, 0], 0, 0, 4],
    [4, 100, 3, 0, [4, 4], [0, 0], 0, 4, 3],
  ];
  test.each(rows)(
    '%i at %i %%, surge %s, unavailable %s, stable %j, canary %j, others %i: %i stable, %i canary',
    (replicas, weight, maxSurge, maxUnavailable, s, n, others, toStable, toCanary) => {
      const input = {
        replicas,
        weight,
        maxWeight: 100,
        limits: surgeOf(replicas, maxSurge, maxUnavailable),
        newSet: set('new', ...n, 2),
        stableSet: set('stable', ...s),
        others: others > 0 ? [set('other', others, others, 3)] : [],
      };
      expect(canaryCounts(input)).toEqual({ stable: toStable, canary: toCanary });
    },
  );
});

describe('pods of an interrupted update that must not go yet', () => {
  const counts = (
    weight: number,
    stable: [number, number],
    canary: [number, number],
    other: [number, number],
    replicas: number,
  ) =>
    canaryCounts({
      replicas,
      weight,
      maxWeight: 100,
      limits: surgeOf(replicas, undefined, undefined),
      newSet: set('new', ...canary, 3),
      stableSet: set('stable', ...stable),
      others: [set('other', ...other, 2)],
    });

  test('do not keep an abort from going on: a version that never became ready makes room for the stable one', () => {
    expect(counts(0, [1, 1], [1, 0], [1, 1], 2)).toEqual({ stable: 1, canary: 0 });
    expect(counts(0, [1, 1], [0, 0], [1, 1], 2)).toEqual({ stable: 2, canary: 0 });
  });
  test('do not keep a full promotion from going on: a stable version that never became ready makes room for the new one', () => {
    expect(counts(100, [2, 0], [0, 0], [2, 2], 3)).toEqual({ stable: 0, canary: 0 });
    expect(counts(100, [0, 0], [0, 0], [2, 2], 3)).toEqual({ stable: 0, canary: 2 });
  });
  test('wait where the other pods are those that the weight asks for', () => {
    expect(counts(50, [1, 1], [1, 0], [1, 1], 2)).toEqual({ stable: 1, canary: 1 });
  });
});

describe('surge rounds up and unavailability down', () => {
  test.each([
    [10, '39%', '39%', 4, 3],
    [5, 1, 10, 1, 5],
    [1, undefined, undefined, 1, 0],
    [10, undefined, undefined, 3, 2],
    [10, 0, 0, 0, 1],
  ] as const)('%i replicas, %s and %s: %i and %i', (replicas, maxSurge, maxUnavailable, surge, unavailable) =>
    expect(surgeOf(replicas, maxSurge, maxUnavailable)).toEqual({ surge, unavailable }),
  );
});
