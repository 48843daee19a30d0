import { randomUUID } from 'node:crypto';
import { Client, Metadata, credentials } from '@grpc/grpc-js';
import type { CallOptions, ChannelCredentials, ServiceError, requestCallback } from '@grpc/grpc-js';
import {
  HealthClient,
  MetricProviderClient,
  StepPluginClient,
  TrafficIntent,
  TrafficRouterClient,
} from '@sluice/contracts';
import type { CallContext } from '@sluice/contracts';

type Method<Q, A> = (
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: requestCallback<A>,
) => unknown;

/** One call, as a promise; fails with the ServiceError. */
export function ask<Q, A>(client: Client, method: Method<Q, A>, request: Q, deadlineMs = 5_000): Promise<A> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + deadlineMs };
    method.call(client, request, new Metadata(), options, (error: ServiceError | null, response?: A) =>
      error === null ? resolve(response as A) : reject(error),
    );
  });
}

export function clientsOf(address: string, creds: ChannelCredentials = credentials.createInsecure()) {
  const router = new TrafficRouterClient(address, creds);
  const metric = new MetricProviderClient(address, creds);
  const step = new StepPluginClient(address, creds);
  const health = new HealthClient(address, creds);
  return {
    router,
    metric,
    step,
    health,
    close: () => [router, metric, step, health].forEach((client) => client.close()),
  };
}

export const rollout = { namespace: 'shop', name: 'cart', uid: 'uid-cart' };

export function intentOf(weight: number, more: Partial<TrafficIntent> = {}): TrafficIntent {
  return TrafficIntent.fromPartial({
    rollout,
    configJson: '{"route":"cart"}',
    stable: { service: 'cart', podTemplateHash: 'aaa' },
    canary: { service: 'cart-canary', podTemplateHash: 'bbb' },
    weight,
    maxWeight: 100,
    ...more,
  });
}

export const context = (idempotencyKey: string = randomUUID(), leaseEpoch = 0): CallContext => ({
  idempotencyKey,
  leaseEpoch,
});
