import { expect, test } from 'vitest';
import { noCapabilities } from '@sluice/engine';
import type { StepPluginCall } from '@sluice/engine';
import type { Problem, StepResult } from '@sluice/contracts';
import type { Rollout } from '@sluice/model';
import { PluginCallError } from '@sluice/plugin-host';
import type { StepClient } from '@sluice/plugin-host';
import { createStepPlugins } from '../src/step-plugins/step-plugins.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const context = { epoch: 1, signal: new AbortController().signal, record: () => {} };
const rollout: Rollout = {
  metadata: { name: 'shop', namespace: 'default', uid: 'uid' },
  spec: {
    strategy: { canary: { steps: [{ setWeight: 50 }, { plugin: { name: 'org/smoke', config: { url: 'x' } } }] } },
  },
};
const run: StepPluginCall = { name: 'org/smoke', index: 1, revision: 2, operation: 'Run', method: 'Run', key: 'run' };
const abort: StepPluginCall = { ...run, operation: 'Abort', method: 'Abort', key: 'abort' };
const done: StepResult = { phase: 'PHASE_SUCCESSFUL', message: '', stateJson: '', pollAfterMs: 0 };

/** A plugin whose answers the test gives when it likes. */
function world() {
  const time = { now: 1000 };
  const waiting = new Map<string, PromiseWithResolvers<StepResult>>();
  const asked: string[] = [];
  const late = Promise.withResolvers<void>();
  const validating = { answer: async (): Promise<readonly Problem[]> => [] };
  const ask = (method: string) => (_step: unknown, options?: { readonly signal?: AbortSignal }) => {
    asked.push(method);
    const answer = Promise.withResolvers<StepResult>();
    waiting.set(method, answer);
    options?.signal?.addEventListener('abort', () => answer.reject(new Error('given up')));
    return answer.promise;
  };
  const client = {
    run: ask('Run'),
    poll: ask('Poll'),
    terminate: ask('Terminate'),
    abort: ask('Abort'),
    validate: () => {
      asked.push('Validate');
      return validating.answer();
    },
  } as unknown as StepClient;
  const plugins = createStepPlugins({
    host: { step: (name) => (name === 'org/smoke' ? client : undefined) },
    logger: silent,
    now: () => time.now,
    onAnswer: () => late.resolve(),
    waitMs: 5,
  });
  return { plugins, time, asked, waiting, validating, answeredLate: late.promise };
}

test('a plugin that does not answer at once is not waited for, and its answer is told when it comes', async () => {
  const { plugins, asked, waiting, answeredLate } = world();
  expect(await plugins.call(rollout, run, context)).toBe('resting');
  expect(await plugins.call(rollout, run, context)).toBe('resting');
  expect(asked).toEqual(['Run']);
  waiting.get('Run')!.resolve(done);
  await answeredLate;
  expect(plugins.observations(rollout).answers['run']).toMatchObject({ phase: 'Successful' });
});

test('another call for the same step takes the place of one that hangs', async () => {
  const { plugins, asked, waiting } = world();
  await plugins.call(rollout, run, context);
  const ending = plugins.call(rollout, abort, context);
  waiting.get('Abort')!.resolve(done);
  expect(await ending).toBe('asked');
  expect(asked).toEqual(['Run', 'Abort']);
  expect(plugins.observations(rollout)).toMatchObject({ answers: { abort: { phase: 'Successful' } }, away: {} });
});

test('a plugin that is away is left alone for a while, and says why', async () => {
  const { plugins, time, asked, waiting } = world();
  const calling = plugins.call(rollout, run, context);
  const init = { code: 'Unavailable' as const, message: 'connection refused', plugin: 'org/smoke', method: 'Run' };
  waiting.get('Run')!.reject(new PluginCallError({ ...init, retryable: true }));
  expect(await calling).toBe('asked');
  expect(plugins.observations(rollout).away).toEqual({ 'org/smoke': 'connection refused' });
  expect(await plugins.call(rollout, run, context)).toBe('resting');
  time.now = plugins.againAt(rollout)!;
  await plugins.call(rollout, run, context);
  expect(asked).toEqual(['Run', 'Run']);
});

test('a plugin that is not installed is no capability', () => {
  const { plugins } = world();
  const other = { ...rollout, spec: { strategy: { canary: { steps: [{ plugin: { name: 'org/other' } }] } } } };
  expect({ ...noCapabilities, ...plugins.capabilities(other) }).toEqual(noCapabilities);
});

test('each configuration is looked at once, and again where it was refused', async () => {
  const { plugins, time, asked, validating } = world();
  validating.answer = async () => [{ path: 'url', message: 'must be a URL' }];
  await plugins.validate(rollout, context.signal);
  await plugins.validate(rollout, context.signal);
  expect(asked).toEqual(['Validate']);
  expect(plugins.observations(rollout).problems).toEqual([
    { index: 1, path: 'url', value: 'x', message: 'must be a URL' },
  ]);
  validating.answer = async () => [];
  time.now = plugins.againAt(rollout)!;
  await plugins.validate(rollout, context.signal);
  time.now += 600_000;
  await plugins.validate(rollout, context.signal);
  expect(asked).toEqual(['Validate', 'Validate']);
  expect(plugins.observations(rollout).problems).toEqual([]);
});

test('who cannot look at a configuration has found nothing, and nobody waits for him', async () => {
  const { plugins, asked, validating, answeredLate } = world();
  const answer = Promise.withResolvers<readonly Problem[]>();
  validating.answer = () => answer.promise;
  await plugins.validate(rollout, context.signal);
  expect(plugins.observations(rollout).problems).toEqual([]);
  answer.resolve([{ path: '', message: 'no' }]);
  await answeredLate;
  expect(plugins.observations(rollout).problems).toMatchObject([{ index: 1, message: 'no' }]);
  validating.answer = () => Promise.reject(new Error('connection refused'));
  plugins.wake(rollout, ['org/smoke']);
  await plugins.validate(rollout, context.signal);
  expect(plugins.observations(rollout).problems).toEqual([]);
  expect(asked).toEqual(['Validate', 'Validate']);
});
