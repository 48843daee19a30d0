import type { TrafficWeights } from '@sluice/model';
import { expect, it } from 'vitest';
import { weightEvents } from './weight-events.ts';

const split = (canary: number, additional?: TrafficWeights['additional']): TrafficWeights => ({
  canary: { weight: canary, serviceName: 'canary', podTemplateHash: 'b' },
  stable: { weight: 100 - canary, serviceName: 'stable', podTemplateHash: 'a' },
  ...(additional && { additional }),
});
const extras = [
  { weight: 5, serviceName: 'shop-baseline', podTemplateHash: 'c' },
  { weight: 10, serviceName: 'shop-candidate', podTemplateHash: 'd' },
];
const told = (before: TrafficWeights | undefined, next: TrafficWeights): string[] =>
  weightEvents(before, next).map(({ message }) => message);

it('a split is told when it changes, with the shares of experiments', () => {
  expect(told(undefined, split(0))).toEqual(['Traffic weight updated to 0']);
  expect(told(split(0), split(20))).toEqual(['Traffic weight updated from 0 to 20']);
  expect(told(split(20), split(20, extras))).toEqual([
    'Traffic weight updated additional: [{5 shop-baseline c} {10 shop-candidate d}]',
  ]);
  expect(told(split(20, extras), split(20))).toEqual(['Traffic weight updated additional: []']);
  expect(told(split(20, extras), split(40))).toEqual(['Traffic weight updated from 20 to 40, additional: []']);
  expect(told(split(20, extras), split(20, extras))).toEqual([]);
});
