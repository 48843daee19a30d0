import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveWorld, liveExperiment, liveTemplate } from './live-world.ts';
import { mortalClient } from '@sluice/local-cluster/testing';

const timeout = 240_000;
let world: LiveWorld;

beforeAll(async () => {
  world = await LiveWorld.open();
  await world.apply(liveTemplate('check'));
}, timeout);
afterAll(() => world.close(), timeout);

describe('a manager that dies after any of its writes', { timeout }, () => {
  it('leaves an experiment that its successor brings to the same end, with nothing left running', async () => {
    const analyses = [{ name: 'check', templateName: 'check' }];
    let deaths = 0;
    for (; ; deaths++) {
      const name = `mortal-${deaths}`;
      const client = mortalClient(await world.client(), deaths + 1);
      const first = await world.startManager({ client, deferMs: 20 });
      const successor = client.died.then(async () => {
        await first.stop();
        return await world.startManager({ deferMs: 20 });
      });
      await world.apply(liveExperiment(name, { analyses }));
      await world.status(name, 'its run', ({ phase, analysisRuns }) => phase === 'Running' && !!analysisRuns?.length);
      await world.measured(`${name}-check`, {
        phase: 'Running',
        metricResults: [{ name: 'web', phase: 'Running', count: 1, successful: 1 }],
      });
      await world.terminate(name);
      await world.phase(name, 'Successful');
      await world.until('its pods to go', async () => (await world.sizes(name)) === `${name}-a×0 ${name}-b×0`);
      await world.until('its Service to go', async () => (await world.owned('Service', name)).length === 0);
      const ended = async () => (await world.owned('AnalysisRun', name)).map((run) => run['spec'].terminate === true);
      await world.until('its run to be ended', async () => (await ended()).every(Boolean));
      // However often it was asked for, there is one run.
      expect(await ended()).toHaveLength(1);
      if (!client.isDead) {
        await first.stop();
        break;
      }
      await (await successor).stop();
    }
    expect(deaths).toBeGreaterThan(6);
  });
});
