import type { StepPluginStatus } from '@sluice/model';
import { createPluginHost } from '@sluice/plugin-host';
import { servePlugin } from '@sluice/plugin-sdk';
import type { ServedPlugin, StepAnswer, StepOrder } from '@sluice/plugin-sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LiveWorld, liveRollout } from './live-world.ts';

const timeout = 240_000;
let world: LiveWorld;
let served: ServedPlugin;
let controller: Awaited<ReturnType<typeof controllerWithPlugin>>;
const steps = [{ setWeight: 50 }, { plugin: { name: 'org/smoke', config: { url: 'http://shop/' } } }, { pause: {} }];

/** What the plugin was asked for each Rollout, as `run({"url":…}) knowing {"job":1}`. */
const asked = new Map<string, string[]>();
const answers: { poll: StepAnswer; run?: Promise<StepAnswer> } = { poll: { phase: 'Successful' } };

const noted =
  (method: string, answer: () => StepAnswer | Promise<StepAnswer>) =>
  async ({ rollout, config, state }: StepOrder): Promise<StepAnswer> => {
    const line = `${method}(${JSON.stringify(config)}) knowing ${JSON.stringify(state) ?? 'nothing'}`;
    asked.set(rollout.name, [...(asked.get(rollout.name) ?? []), line]);
    return await answer();
  };

const serve = (port = 0): Promise<ServedPlugin> =>
  servePlugin(
    {
      name: 'org/smoke',
      version: '1.0.0',
      step: {
        validate: async ({ config }) =>
          config['url'] === 'nowhere' ? [{ path: 'url', message: 'there is nothing there' }] : [],
        run: noted(
          'run',
          () => answers.run ?? { phase: 'Running', state: { job: 1 }, message: 'smoking', pollAfterMs: 20_000 },
        ),
        poll: noted('poll', () => answers.poll),
        terminate: noted('terminate', () => ({ phase: 'Successful' })),
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
      status: { state: { job: 1 }, revision: 2 },
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
    // It is stored before the plugin hears of it.
    const undone = () => asked.get('shop')?.filter((line) => line.startsWith('abort')) ?? [];
    await world.until('the plugin to be told of the abort', async () => undone().length > 0);
    await world.until('the event', async () => (await world.eventReasons('shop')).includes('StepPluginTransition'));
    expect(undone()).toHaveLength(1);
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

it('a configuration that the plugin refuses makes the Rollout invalid until it is mended', { timeout }, async () => {
  const at = (url: string) => [{ plugin: { name: 'org/smoke', config: { url } } }, { pause: {} }];
  await world.apply(liveRollout('lamp', { canary: { steps: at('nowhere') } }));
  await world.degraded('lamp');
  expect((await world.rollout('lamp')).status?.message).toBe(
    'InvalidSpec: The Rollout "lamp" is invalid: spec.strategy.canary.steps[0].plugin.config.url: Invalid value: "nowhere": there is nothing there',
  );
  await world.patch('Rollout', 'lamp', { spec: { strategy: { canary: { steps: at('http://shop/') } } } });
  await world.healthy('lamp');
});

it(
  'what a plugin does is ended when the update is replaced, and when the Rollout is deleted',
  { timeout },
  async () => {
    answers.poll = { phase: 'Running', pollAfterMs: 20_000 };
    await world.apply(liveRollout('shed', { canary: { steps } }));
    await world.healthy('shed');
    await world.setImage('shed', 'shop:2');
    await runs('shed');
    const begun = await entryOf('shed');
    await world.setImage('shed', 'shop:3');
    await world.until(
      'the second run',
      async () => asked.get('shed')?.filter((line) => line.startsWith('run')).length === 2,
    );
    const url = '{"url":"http://shop/"}';
    expect(asked.get('shed')).toEqual([
      `run(${url}) knowing nothing`,
      `terminate(${url}) knowing {"job":1}`,
      `run(${url}) knowing nothing`,
    ]);
    expect(begun?.operation).toBe('Run');
    await runs('shed');
    await world.remove('Rollout', 'shed');
    await world.until('the second to be ended', async () => asked.get('shed')?.length === 4);
    expect(asked.get('shed')?.at(-1)).toBe(`terminate(${url}) knowing {"job":1}`);
  },
);

it('a plugin that hangs holds its step, and nothing else of the Rollout', { timeout }, async () => {
  const answer = Promise.withResolvers<StepAnswer>();
  answers.run = answer.promise;
  await world.apply(liveRollout('cave', { canary: { steps } }));
  await world.healthy('cave');
  await world.setImage('cave', 'shop:2');
  await world.until('the plugin to be asked', async () => asked.get('cave')?.length === 1);
  await world.patch('Rollout', 'cave', { spec: { replicas: 4 } });
  await world.status(
    'cave',
    'to be scaled',
    ({ availableReplicas, updatedReplicas }) => availableReplicas === 4 && updatedReplicas === 2,
  );
  await world.patchStatus('cave', { abort: true });
  await world.degraded('cave');
  answer.resolve({ phase: 'Successful' });
  await world.until(
    'the step to be undone',
    async () => asked.get('cave')?.some((line) => line.startsWith('abort')) === true,
  );
  delete answers.run;
});
