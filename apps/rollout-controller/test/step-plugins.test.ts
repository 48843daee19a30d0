import type { StepPluginStatus } from '@sluice/model';
import { createPluginHost } from '@sluice/plugin-host';
import { servePlugin } from '@sluice/plugin-sdk';
import type { ServedPlugin, StepAnswer, StepOrder } from '@sluice/plugin-sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LiveWorld, liveRollout } from './live-world.ts';

const timeout = 120_000;
let world: LiveWorld;
let served: ServedPlugin;
let controller: Awaited<ReturnType<typeof controllerWithPlugin>>;
const steps = [{ setWeight: 50 }, { plugin: { name: 'org/smoke', config: { url: 'http://shop/' } } }, { pause: {} }];

/** What the plugin was asked for each Rollout, as `run({"url":…}) knowing {"job":1}`. */
const asked = new Map<string, string[]>();
const answers: { poll: StepAnswer } = { poll: { phase: 'Successful' } };

const noted =
  (method: string, answer: () => StepAnswer) =>
  async ({ rollout, config, state }: StepOrder): Promise<StepAnswer> => {
    const line = `${method}(${JSON.stringify(config)}) knowing ${JSON.stringify(state) ?? 'nothing'}`;
    asked.set(rollout.name, [...(asked.get(rollout.name) ?? []), line]);
    return answer();
  };

const serve = (port = 0): Promise<ServedPlugin> =>
  servePlugin(
    {
      name: 'org/smoke',
      version: '1.0.0',
      step: {
        run: noted('run', () => ({ phase: 'Running', state: { job: 1 }, message: 'smoking', pollAfterMs: 20_000 })),
        poll: noted('poll', () => answers.poll),
        abort: noted('abort', () => ({ phase: 'Successful' })),
      },
    },
    { port },
  );

beforeAll(async () => {
  world = await LiveWorld.open();
  served = await serve();
  controller = await controllerWithPlugin();
}, timeout);
afterAll(async () => {
  await world?.close();
  await served?.stop(200);
}, timeout);

const entryOf = async (name: string): Promise<StepPluginStatus | undefined> =>
  (await world.rollout(name)).status?.canary?.stepPluginStatuses?.[0];
const runs = (name: string): Promise<void> =>
  world.until(`the plugin of ${name} to run`, async () => (await entryOf(name))?.phase === 'Running');

async function controllerWithPlugin() {
  const clock = { aheadMs: 0 };
  const plugins = createPluginHost({
    configured: [{ type: 'step', name: 'org/smoke', address: served.address }],
    timings: {
      reconnectMs: { first: 20, longest: 100 },
      breakerOpenMs: { first: 100, longest: 400 },
      retryMs: { first: 5, longest: 50 },
      restartMs: 100,
    },
  });
  const { controller: live } = await world.startController({ plugins, now: () => Date.now() + clock.aheadMs });
  return {
    /** So much later by the controller's clock. */
    later(ms: number) {
      clock.aheadMs += ms;
      live.standingChanged();
    },
    explanation: async (name: string) => (await live.decide(`${world.namespace}/${name}`))?.decision.explanation,
  };
}

it(
  'a plugin performs its step over gRPC, is waited for while it is away, and undoes what it did when the rollout is aborted',
  { timeout },
  async () => {
    await world.apply(liveRollout('shop', { canary: { steps } }));
    await world.healthy('shop');

    await world.setImage('shop', 'shop:2');
    await runs('shop');
    const url = '{"url":"http://shop/"}';
    expect(asked.get('shop')).toEqual([`run(${url}) knowing nothing`]);
    expect(await entryOf('shop')).toMatchObject({
      index: 1,
      name: 'org/smoke',
      operation: 'Run',
      message: 'smoking',
      backoff: '20s',
      executions: 1,
      status: { job: 1 },
    });
    expect(await controller.explanation('shop')).toMatchObject({ code: 'WaitingForPlugin' });

    const port = Number(served.address.split(':').at(-1));
    await served.stop(200);
    controller.later(21_000);
    await world.status('shop', 'the plugin is waited for', ({ message }) => !!message?.includes('"org/smoke"'));
    expect((await world.rollout('shop')).status).toMatchObject({ currentStepIndex: 1, phase: 'Progressing' });
    served = await serve(port);
    controller.later(31_000);
    await world.paused('shop', 2);
    expect(asked.get('shop')?.at(-1)).toBe(`poll(${url}) knowing {"job":1}`);

    await world.patchStatus('shop', { abort: true });
    await world.degraded('shop');
    await world.until('the plugin to be told of the abort', async () => {
      const { canary } = (await world.rollout('shop')).status ?? {};
      return canary?.stepPluginStatuses?.some(({ operation }) => operation === 'Abort') === true;
    });
    expect(asked.get('shop')?.filter((line) => line.startsWith('abort'))).toHaveLength(1);
    await world.until('the event', async () => (await world.eventReasons('shop')).includes('StepPluginTransition'));
  },
);

it('a plugin that fails takes the update back', { timeout }, async () => {
  answers.poll = { phase: 'Failed', message: 'HTTP 500' };
  await world.apply(liveRollout('till', { canary: { steps } }));
  await world.healthy('till');
  await world.setImage('till', 'shop:2');
  await runs('till');
  controller.later(21_000);
  await world.degraded('till');
  const { status } = await world.rollout('till');
  expect(status?.message).toContain('Step Plugin 2 (org/smoke) failed: HTTP 500');
});
