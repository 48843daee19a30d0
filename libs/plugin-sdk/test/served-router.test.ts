import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ServingStatus, TrafficIntent, Verification } from '@sluice/contracts';
import { KubeError } from '@sluice/kube';
import { afterEach, describe, expect, test } from 'vitest';
import { PluginError, servePlugin } from '../src/index.ts';
import type { Call, Plugin, Router, RouterIntent, ServeOptions, ServedPlugin } from '../src/index.ts';
import { ask, clientsOf, context, intentOf, rollout } from './clients.ts';

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A router that remembers what it was asked for; each part can be replaced. */
function memoryRouter(parts: Partial<Router> = {}) {
  const applied: number[] = [];
  const router: Router = {
    apply: async (intent) => {
      applied.push(intent.weight);
      return { inSync: true, canaryWeight: intent.weight };
    },
    observe: async (intent) => ({ inSync: applied.at(-1) === intent.weight, canaryWeight: applied.at(-1) ?? 0 }),
    release: async () => undefined,
    ...parts,
  };
  return { router, applied };
}

async function served(router: Router, options: ServeOptions = {}, more: Partial<Plugin> = {}) {
  const plugin: ServedPlugin = await servePlugin({ name: 'memory', version: '1.2.3', router, ...more }, options);
  const clients = clientsOf(plugin.address);
  stops.push(
    () => plugin.stop(200),
    () => clients.close(),
  );
  const apply = (intent: TrafficIntent | undefined, about = context(), deadlineMs?: number) =>
    ask(clients.router, clients.router.apply, { context: about, intent }, deadlineMs);
  return { plugin, apply, ...clients };
}

const codeOf = (error: ServiceError): string => String(error.metadata.get('sluice-error-code')[0]);

async function failure(call: Promise<unknown>): Promise<{ status: number; code: string; message: string }> {
  const error = await call.then(
    () => expect.unreachable('the call should have failed'),
    (thrown: ServiceError) => thrown,
  );
  return { status: error.code, code: codeOf(error), message: error.details };
}

/** An apply that ends when the test says so, and notes the signal that it got. */
function heldApply() {
  const calls: { weight: number; signal: AbortSignal; finish: () => void }[] = [];
  const apply = (intent: RouterIntent, call: Call) =>
    new Promise<{ inSync: boolean; canaryWeight: number }>((resolve) => {
      calls.push({
        weight: intent.weight,
        signal: call.signal,
        finish: () => resolve({ inSync: true, canaryWeight: intent.weight }),
      });
    });
  return { apply, calls };
}

describe('a served router', () => {
  test('introduces itself', async () => {
    const { router } = await served(memoryRouter().router, {}, { aliases: ['org/memory'], capabilities: ['verify'] });
    expect(await ask(router, router.describe, {})).toEqual({
      name: 'memory',
      aliases: ['org/memory'],
      version: '1.2.3',
      protocolVersion: 1,
      capabilities: ['verify'],
    });
  });

  test('gives its author the configuration read, and answers with what was observed and the events', async () => {
    const seen: unknown[] = [];
    const { apply } = await served({
      ...memoryRouter().router,
      config: (raw) => ({ route: String(raw['route']).toUpperCase() }),
      apply: async (intent, call) => {
        seen.push(intent.config, intent.rollout, intent.maxWeight);
        call.event('RouteWritten', 'cart: 20', { warning: true });
        return { inSync: false, canaryWeight: 10, detail: 'the proxy has not answered' };
      },
    });
    const { observation, events } = await apply(intentOf(20, { maxWeight: 0 }));
    expect(seen).toEqual([{ route: 'CART' }, rollout, 100]);
    expect(observation).toEqual({
      inSync: false,
      canaryWeight: 10,
      verification: Verification.UNSUPPORTED,
      detail: 'the proxy has not answered',
      foreignWriter: '',
    });
    expect(events).toEqual([{ warning: true, reason: 'RouteWritten', message: 'cart: 20' }]);
  });

  test.each<[string, TrafficIntent | undefined]>([
    ['without an intent', undefined],
    ['that names no rollout', intentOf(20, { rollout: undefined })],
    ['whose rollout has no uid', intentOf(20, { rollout: { ...rollout, uid: '' } })],
    ['whose configuration is not JSON', intentOf(20, { configJson: '{' })],
    ['whose configuration is not an object', intentOf(20, { configJson: '[1]' })],
    ['with a weight over the maximum', intentOf(101)],
    ['with a negative weight', intentOf(-1)],
    [
      'with extra destinations over the maximum',
      intentOf(60, { extraDestinations: [{ service: 'e', podTemplateHash: 'c', weight: 41 }] }),
    ],
    ['with a header route without a name', intentOf(1, { headerRoutes: [{ name: '', match: [] }] })],
    ['with a mirror percentage of 200', intentOf(1, { mirrorRoutes: [{ name: 'm', match: [], percentage: 200 }] })],
  ])('refuses a request %s as Invalid, and goes on', async (_what, intent) => {
    const { router, applied } = memoryRouter();
    const { apply } = await served(router);
    expect(await failure(apply(intent))).toMatchObject({ status: status.INVALID_ARGUMENT, code: 'Invalid' });
    expect(applied).toEqual([]);
    await apply(intentOf(5));
    expect(applied).toEqual([5]);
  });

  test('takes a configuration that its author cannot read for an invalid one', async () => {
    const { apply, router } = await served({
      ...memoryRouter().router,
      config: (raw) => ({ deep: (raw['deep'] as unknown as { field: { field: string } }).field.field }),
    });
    expect(await failure(apply(intentOf(5)))).toMatchObject({ code: 'Invalid' });
    const { problems } = await ask(router, router.validate, {
      rollout,
      configJson: '{}',
      stable: undefined,
      canary: undefined,
    });
    expect(problems).toHaveLength(1);
  });

  test('reports problems with their path, and says Invalid only for what the author calls so', async () => {
    const validate = async (): Promise<never> => {
      throw new PluginError('NotFound', 'there is no route cart', { path: 'route' });
    };
    const { router } = await served({ ...memoryRouter().router, validate });
    const request = { rollout, configJson: '{}', stable: undefined, canary: undefined };
    expect(await ask(router, router.validate, request)).toEqual({
      problems: [{ path: 'route', message: 'there is no route cart' }],
    });
  });

  test.each([
    ['its own error', new PluginError('Throttled', 'slow down'), status.RESOURCE_EXHAUSTED, 'Throttled'],
    ['a defect', new TypeError('x is undefined'), status.INTERNAL, 'Internal'],
    [
      'a conflict of the Kubernetes client',
      new KubeError({ code: 'Conflict', message: 'stale' }),
      status.ABORTED,
      'Conflict',
    ],
    [
      'a missing role',
      new KubeError({ code: 'Forbidden', message: 'may not patch ingresses' }),
      status.UNAVAILABLE,
      'Unavailable',
    ],
  ])('answers %s with its code', async (_what, error, expectedStatus, code) => {
    const { apply } = await served({
      ...memoryRouter().router,
      apply: () => {
        throw error;
      },
    });
    expect(await failure(apply(intentOf(5)))).toEqual({ status: expectedStatus, code, message: error.message });
  });
});

describe('a key (rule P1)', () => {
  test('that was answered gets the same answer, without a second effect, also after other calls', async () => {
    const { router, applied } = memoryRouter();
    const { apply } = await served(router);
    const first = await apply(intentOf(20), context('k1'));
    await apply(intentOf(30), context('k2'));
    expect(await apply(intentOf(20), context('k1'))).toEqual(first);
    expect(applied).toEqual([20, 30]);
  });

  test('that is being answered waits for that answer', async () => {
    const { apply: held, calls } = heldApply();
    const { apply } = await served({ ...memoryRouter().router, apply: held });
    const both = Promise.all([apply(intentOf(20), context('k')), apply(intentOf(20), context('k'))]);
    await expect.poll(() => calls.length).toBe(1);
    calls[0]?.finish();
    const [one, two] = await both;
    expect(one).toEqual(two);
    expect(calls).toHaveLength(1);
  });

  test('whose call failed is tried again', async () => {
    let fail = true;
    const { router, applied } = memoryRouter();
    const { apply } = await served({
      ...router,
      apply: async (intent, call) => {
        if (fail) throw new PluginError('Unavailable', 'not now');
        return router.apply(intent, call);
      },
    });
    await failure(apply(intentOf(20), context('k')));
    fail = false;
    await apply(intentOf(20), context('k'));
    expect(applied).toEqual([20]);
  });

  test('that comes with another request, and an empty key, stand for calls of their own', async () => {
    const { router, applied } = memoryRouter();
    const { apply } = await served(router);
    await apply(intentOf(20), context('k'));
    await apply(intentOf(40), context('k'));
    await apply(intentOf(50), context(''));
    await apply(intentOf(50), context(''));
    expect(applied).toEqual([20, 40, 50, 50]);
  });
});

describe('a lease epoch (rule P2)', () => {
  test('that is older than one seen for the rollout is refused, also under a key that was answered', async () => {
    const { router, applied } = memoryRouter();
    const { apply } = await served(router);
    await apply(intentOf(20), context('old', 6));
    await apply(intentOf(30), context('new', 7));
    const expected = { status: status.FAILED_PRECONDITION, code: 'Conflict' };
    expect(await failure(apply(intentOf(40), context('k', 6)))).toMatchObject(expected);
    expect(await failure(apply(intentOf(20), context('old', 6)))).toMatchObject(expected);
    await apply(intentOf(50), context('same', 7));
    await apply(intentOf(60), context('person', 0));
    expect(applied).toEqual([20, 30, 50, 60]);
  });

  test('of one rollout says nothing about another', async () => {
    const { router, applied } = memoryRouter();
    const { apply } = await served(router);
    await apply(intentOf(20), context('a', 7));
    await apply(intentOf(30, { rollout: { ...rollout, uid: 'other' } }), context('b', 3));
    expect(applied).toEqual([20, 30]);
  });

  test('that is newer stops the call of the older one, and waits for its end', async () => {
    const { apply: held, calls } = heldApply();
    const { apply } = await served({ ...memoryRouter().router, apply: held });
    const outdated = failure(apply(intentOf(20), context('a', 1)));
    await expect.poll(() => calls.length).toBe(1);
    const newer = apply(intentOf(30), context('b', 2));
    expect(await outdated).toMatchObject({ status: status.FAILED_PRECONDITION, code: 'Conflict' });
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(calls).toHaveLength(1);
    calls[0]?.finish();
    await expect.poll(() => calls.length).toBe(2);
    calls[1]?.finish();
    await newer;
  });
});

describe('a deadline (rule P3)', () => {
  test('aborts the signal of the call that it ends, and the next call waits until the author has let go', async () => {
    const { apply: held, calls } = heldApply();
    const { apply } = await served({ ...memoryRouter().router, apply: held });
    expect(await failure(apply(intentOf(20), context(), 100))).toMatchObject({ status: status.DEADLINE_EXCEEDED });
    await expect.poll(() => calls[0]?.signal.aborted).toBe(true);
    const next = apply(intentOf(30));
    // Another rollout is not kept waiting.
    const other = apply(intentOf(1, { rollout: { ...rollout, uid: 'other' } }));
    await expect.poll(() => calls.map(({ weight }) => weight)).toEqual([20, 1]);
    calls[0]?.finish();
    await expect.poll(() => calls.length).toBe(3);
    calls.forEach(({ finish }) => finish());
    await Promise.all([next, other]);
  });

  test('that is over before the turn of a call has come means that the call never runs', async () => {
    const { apply: held, calls } = heldApply();
    const ended: string[] = [];
    const { apply } = await served(
      { ...memoryRouter().router, apply: held },
      { onCall: ({ code }) => ended.push(code) },
    );
    const first = apply(intentOf(20));
    await expect.poll(() => calls.length).toBe(1);
    await failure(apply(intentOf(30), context(), 50));
    // The clock of the plugin runs out a moment after the caller's.
    await expect.poll(() => ended).toEqual(['Unavailable']);
    calls[0]?.finish();
    await first;
    const last = apply(intentOf(40));
    await expect.poll(() => calls.map(({ weight }) => weight)).toEqual([20, 40]);
    calls[1]?.finish();
    await last;
  });
});

describe('health (rule P6)', () => {
  test('is known for the plugin and for its service, and for no other', async () => {
    const { health } = await served(memoryRouter().router);
    for (const service of ['', 'sluice.router.v1.TrafficRouter'])
      expect(await ask(health, health.check, { service })).toEqual({ status: ServingStatus.SERVING });
    await expect(ask(health, health.check, { service: 'x' })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  test('is told at each change, and NOT_SERVING while running calls end', async () => {
    const { apply: held, calls } = heldApply();
    const { plugin, health, apply } = await served({ ...memoryRouter().router, apply: held });
    const told: string[] = [];
    const watch = health.watch({ service: '' });
    watch.on('data', (answer: { status: string }) => told.push(answer.status));
    watch.on('error', () => undefined);
    await expect.poll(() => told).toEqual(['SERVING']);
    plugin.setServing(false);
    await expect.poll(() => told).toEqual(['SERVING', 'NOT_SERVING']);
    plugin.setServing(true);
    await expect.poll(() => told.at(-1)).toBe('SERVING');
    const running = apply(intentOf(20));
    await expect.poll(() => calls.length).toBe(1);
    const stopped = plugin.stop();
    await expect.poll(() => told.at(-1)).toBe('NOT_SERVING');
    calls[0]?.finish();
    expect((await running).observation?.canaryWeight).toBe(20);
    await stopped;
  });
});
