import type { Split } from '@sluice/local-cluster';
import { expect, it } from 'vitest';
import { createSettling } from './settled.ts';

const asking = (percent: number): Split => ({
  ...{ rollout: 'default/shop', seconds: 1, requests: 100, versions: [], mirrored: [], failed: 0, avoidable: 0 },
  asked: { from: 'weights', shares: [{ hash: 'two', percent }] },
});

it('A split is told once for each weight, when all requests that it counts came after the weight was set', () => {
  let now = 0;
  const settling = createSettling(() => now);
  const at = (ms: number, percent: number) => {
    now = ms;
    return settling.isNews(asking(percent));
  };
  const told = [
    at(0, 10),
    at(2000, 10),
    at(2300, 10),
    at(5000, 10),
    at(5100, 50),
    at(6000, 60),
    at(8000, 60),
    at(8300, 60),
  ];
  expect(told).toEqual([false, false, true, false, false, false, false, true]);
});
