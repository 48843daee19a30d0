import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { StepPhase } from '@sluice/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import { servePlugin } from '../src/index.ts';
import type { Step, StepAnswer, StepOrder } from '../src/index.ts';
import { ask, clientsOf, context, rollout } from './clients.ts';

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function served(step: Partial<Step> = {}) {
  const calls: string[] = [];
  const noted =
    (name: string, answer: StepAnswer) =>
    async ({ state }: StepOrder): Promise<StepAnswer> => {
      calls.push(`${name}(${JSON.stringify(state) ?? ''})`);
      return answer;
    };
  const plugin = await servePlugin({
    name: 'org/step',
    version: '1.0.0',
    step: {
      run: noted('run', { phase: 'Running', state: { job: 'a' }, pollAfterMs: 15_000, message: 'started' }),
      poll: noted('poll', { phase: 'Running', state: { job: 'a' } }),
      ...step,
    },
  });
  const { step: client, close } = clientsOf(plugin.address);
  stops.push(() => plugin.stop(200), close);
  const contextOf = (stateJson: string, revision: number) => ({
    rollout,
    revision,
    stepIndex: 2,
    configJson: '{"a":1}',
    stateJson,
  });
  return {
    calls,
    client,
    run: (stateJson = '', revision = 1) =>
      ask(client, client.run, { context: context(), step: contextOf(stateJson, revision) }),
    poll: (stateJson = '', revision = 1) => ask(client, client.poll, { step: contextOf(stateJson, revision) }),
    abort: (stateJson = '') => ask(client, client.abort, { context: context(), step: contextOf(stateJson, 1) }),
    terminate: (stateJson = '') => ask(client, client.terminate, { context: context(), step: contextOf(stateJson, 1) }),
  };
}

describe('a served step', () => {
  test('gives its author the order, and hands the state to the caller', async () => {
    const orders: StepOrder[] = [];
    const { run } = await served({
      run: async (order) => {
        orders.push(order);
        return { phase: 'Running', state: { job: 'a' }, pollAfterMs: 15_000, message: 'started' };
      },
    });
    expect(await run()).toEqual({
      result: { phase: StepPhase.RUNNING, message: 'started', stateJson: '{"job":"a"}', pollAfterMs: 15_000 },
    });
    expect(orders).toEqual([{ rollout, revision: 1, stepIndex: 2, config: { a: 1 }, state: undefined }]);
  });

  test('is started once: another Run is answered by poll, with the state of the last answer', async () => {
    const { run, calls } = await served();
    await run();
    await run();
    expect(calls).toEqual(['run()', 'poll({"job":"a"})']);
    await run('', 2);
    expect(calls.at(-1)).toBe('run()');
  });

  test.each(['abort', 'terminate'] as const)(
    'may be started anew after %s, with or without one of its own',
    async (end) => {
      const plugin = await served();
      await plugin.run();
      expect((await plugin[end]()).result?.phase).toBe(StepPhase.SUCCESSFUL);
      await plugin.run();
      expect(plugin.calls).toEqual(['run()', 'run()']);
    },
  );

  test.each(['Failed', 'Error'] as const)('may be started anew after it answered %s', async (phase) => {
    let starts = 0;
    const { run } = await served({
      run: async () => {
        starts += 1;
        return { phase };
      },
    });
    await run();
    await run();
    expect(starts).toBe(2);
  });

  test('that is still running after abort is a defect', async () => {
    const { abort } = await served({ abort: async () => ({ phase: 'Running' }) });
    await expect(abort()).rejects.toMatchObject({ code: status.INTERNAL });
  });

  test('refuses a state that is not JSON, and a step below 0', async () => {
    const { poll, client } = await served();
    const code = (error: ServiceError) => error.metadata.get('sluice-error-code');
    expect(await poll('{').then(() => [], code)).toEqual(['Invalid']);
    const step = { rollout, revision: 1, stepIndex: -1, configJson: '', stateJson: '' };
    expect(await ask(client, client.poll, { step }).then(() => [], code)).toEqual(['Invalid']);
  });

  test('reports what is wrong with its configuration', async () => {
    const { client } = await served({ validate: async () => [{ path: 'a', message: 'is 1' }] });
    expect(await ask(client, client.validate, { rollout, configJson: '{}' })).toEqual({
      problems: [{ path: 'a', message: 'is 1' }],
    });
  });
});

test('a plugin that is two things, or nothing, is not served', async () => {
  await expect(servePlugin({ name: 'x', version: '1' })).rejects.toThrow('one of `router`, `metric` and `step`');
});
