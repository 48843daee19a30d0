import { expect, test } from 'vitest';
import type { EventIntent, TrafficIntent } from '@sluice/engine';
import type { Rollout } from '@sluice/model';
import { PluginCallError } from '@sluice/plugin-host';
import type { RouterClient } from '@sluice/plugin-host';
import { createRouters } from '../src/routers/routers.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const rollout: Rollout = {
  metadata: { name: 'shop', namespace: 'default', uid: 'uid' },
  spec: { strategy: { canary: { trafficRouting: { istio: { virtualService: { name: 'shop' } } } } } },
};
const intent: TrafficIntent = {
  stable: { service: 'stable', hash: 'a' },
  canary: { service: 'canary', hash: 'b' },
  weight: 10,
  maxWeight: 100,
  extraDestinations: [],
  headerRoutes: [],
  mirrorRoutes: [],
  managedRoutes: [],
};
const message = 'virtualservices.networking.istio.io "shop" not found';

/** What is recorded when the router cannot do what it is asked. */
async function recordedOf(mode: 'apply' | 'observe'): Promise<readonly EventIntent[]> {
  const fail = (method: string) => () =>
    Promise.reject(
      new PluginCallError({
        ...{ code: 'NotFound', plugin: 'istio', method, message, retryable: false },
        reason: 'VirtualServiceNotFound',
      }),
    );
  const client = { apply: fail('Apply'), observe: fail('Observe') } as unknown as RouterClient;
  const routers = createRouters({
    host: { router: () => client, list: () => [] },
    logger: silent,
    now: () => 1000,
  });
  const events: EventIntent[] = [];
  const context = { epoch: 1, signal: new AbortController().signal, record: (each: EventIntent) => events.push(each) };
  await routers.call(rollout, { kind: 'ApplyTraffic', router: 'istio', intent, mode, events: [] }, context);
  return events;
}

test('an object that a router misses is told under the name that people know it by', async () => {
  expect(await recordedOf('apply')).toEqual([
    { type: 'Warning', reason: 'VirtualServiceNotFound', message },
    { type: 'Warning', reason: 'TrafficRoutingError', message },
  ]);
});

test('routes that cannot be looked at are told', async () => {
  expect((await recordedOf('observe')).at(-1)).toEqual({
    type: 'Warning',
    reason: 'WeightVerifyError',
    message: `Failed to verify weight: ${message}`,
  });
});
