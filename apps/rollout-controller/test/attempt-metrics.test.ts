import type { RolloutDuration } from '@sluice/model';
import { createMetrics } from '@sluice/service';
import { expect, it } from 'vitest';
import { createAttemptMetrics, endedBetween } from '../src/attempt-metrics.ts';
import { rollout } from './objects.ts';

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const shop = (duration?: RolloutDuration) => rollout('web', { status: duration ? { duration } : {} });
const open = { rolloutStartedAt: at(0) };
const done = {
  ...open,
  completionStatus: 'Promoted',
  finishedAt: at(90),
  totalManualPauseDurationSeconds: 30,
} as const;

it('an update that ends is measured once, with the time that it waited for people', () => {
  expect(endedBetween(shop(open), shop(done))).toEqual({ status: 'Promoted', seconds: 90, pausedSeconds: 30 });
  expect(endedBetween(shop(done), shop(done))).toBeUndefined();
  expect(endedBetween(shop(), shop(open))).toBeUndefined();
});

it('one that another takes the place of is superseded, while somebody waited or not', () => {
  const next = shop({ rolloutStartedAt: at(60) });
  expect(endedBetween(shop(open), next)).toEqual({ status: 'Superseded', seconds: 60, pausedSeconds: 0 });
  expect(endedBetween(shop({ ...open, manualPauseStartedAt: at(20) }), next)).toMatchObject({ pausedSeconds: 40 });
  expect(endedBetween(shop(done), next)).toBeUndefined();
});

it('the series have the names that dashboards know', async () => {
  const metrics = createMetrics({ processMetrics: false });
  createAttemptMetrics(metrics)(shop(open), shop(done));
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line.includes('_sum{'));
  const labels = '{namespace="shop",name="web",status="Promoted"}';
  expect(lines).toEqual([
    `rollout_duration_seconds_sum${labels} 90`,
    `rollout_progression_duration_seconds_sum${labels} 60`,
    `rollout_manual_pause_duration_seconds_sum${labels} 30`,
  ]);
});
