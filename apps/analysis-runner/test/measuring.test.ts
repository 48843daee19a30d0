import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MeasuringWorld, metric } from './measuring-world.ts';

const timeout = 120_000;
let world: MeasuringWorld;

beforeAll(async () => {
  world = await MeasuringWorld.open();
}, timeout);
afterEach(() => world.tidy(), timeout);
afterAll(() => world.close(), timeout);

describe('a run', { timeout }, () => {
  it('is measured as often as it says, ends with its verdict, and its events are told', async () => {
    await world.startBoth();
    const successCondition = 'result == 1';
    await world.createRun('ends', { metrics: [metric('m', { count: 3, interval: '100ms', successCondition })] });
    const { status } = await world.phase('ends', 'Successful');
    expect(status?.metricResults).toMatchObject([{ name: 'm', phase: 'Successful', count: 3, successful: 3 }]);
    expect(status?.metricResults?.[0]?.measurements).toHaveLength(3);
    expect(world.provider.started).toHaveLength(3);
    await world.until('its events', async () => (await world.eventReasons('ends')).length === 2);
    expect(await world.eventReasons('ends')).toEqual(['AnalysisRunSuccessful', 'MetricSuccessful']);
  });
});
