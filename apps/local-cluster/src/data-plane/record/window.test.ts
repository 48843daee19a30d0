import { expect, it } from 'vitest';
import { addAnswer, createWindow, historySeconds, newTally, quantileMs } from './window.ts';

it('A window adds up the last seconds, and forgets what is older than its history', () => {
  let nowMs = 0;
  const window = createWindow(() => nowMs);
  const at = (second: number): number => {
    nowMs = second * 1000;
    window.now('a').requests++;
    return window.last(10).get('a')?.requests ?? 0;
  };
  expect([0, 0, 5, 10, 11].map(at)).toEqual([1, 2, 3, 4, 3]);
  at(historySeconds + 8);
  expect(window.last(historySeconds * 10).get('a')?.requests).toBe(3);
});

it('A window keeps its tallies apart, and an idle one has none', () => {
  let nowMs = 0;
  const window = createWindow(() => nowMs);
  window.now('a').requests++;
  window.now('b').errors++;
  expect([...window.last(1)].map(([key, { requests, errors }]) => [key, requests, errors])).toEqual([
    ['a', 1, 0],
    ['b', 0, 1],
  ]);
  nowMs = 60_000;
  expect(window.last(10).size).toBe(0);
});

it('A tally knows below which time a share of its answers was', () => {
  const tally = newTally();
  expect(quantileMs(tally, 0.5)).toBeUndefined();
  for (const ms of [0.5, 3, 3, 3, 3, 3, 3, 3, 3, 70]) addAnswer(tally, 200, ms);
  expect([0.1, 0.5, 0.9, 0.95].map((share) => quantileMs(tally, share))).toEqual([1, 5, 5, 100]);
  addAnswer(tally, 500, 29_000);
  expect(quantileMs(tally, 1)).toBe(30_000);
  expect(tally).toMatchObject({ requests: 11, errors: 1 });
});
