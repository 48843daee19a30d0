import { randomUUID } from 'node:crypto';
import { Client, Metadata, credentials } from '@grpc/grpc-js';
import type { ChannelCredentials, MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { HealthService, TrafficIntent, TrafficRouterService, errorCodeTrailer } from '@sluice/contracts';
import type { CallContext, DescribeResponse, HealthCheckResponse, TrafficObservation } from '@sluice/contracts';
import { RuleBroken, must } from './rule.ts';
import type { TestRollout } from './world.ts';

export type SubjectType = 'router' | 'metric' | 'step';

export const serviceNames = {
  router: 'sluice.router.v1.TrafficRouter',
  metric: 'sluice.metric.v1.MetricProvider',
  step: 'sluice.step.v1.StepPlugin',
} as const;

/** The plugin that is checked, spoken to as the contract says and without any help: no retries, no SDK. */
export interface Subject {
  readonly type: SubjectType;
  ask<Q, A>(definition: MethodDefinition<Q, A>, request: Q, deadlineMs?: number): Promise<A>;
  describe(): Promise<DescribeResponse>;
  apply(intent: TrafficIntent, context?: Partial<CallContext>, deadlineMs?: number): Promise<TrafficObservation>;
  observe(intent: TrafficIntent): Promise<TrafficObservation>;
  release(rollout: TestRollout, context?: Partial<CallContext>): Promise<void>;
  /** What health says, one answer after the other, until `stop` is called. */
  watchHealth(service: string): { readonly told: readonly string[]; stop(): void };
  /** Ends the plugin as a SIGTERM would. Only where the suite was given one. */
  readonly stop: (() => Promise<void>) | undefined;
  /** Ends it and starts it anew at the same address, with nothing remembered. */
  readonly restart: (() => Promise<void>) | undefined;
  close(): void;
}

export interface Target {
  /** `host:port` */
  readonly address: string;
  readonly type: SubjectType;
  /** Without it the connection is not encrypted. */
  readonly credentials?: ChannelCredentials;
  readonly stop?: () => Promise<void>;
  /** Ends it and starts it anew at the same address; resolves when the new one serves. */
  readonly restart?: () => Promise<void>;
}

const defaultDeadlineMs = 10_000;

export function subjectAt(target: Target): Subject {
  const { address, type } = target;
  const client = new Client(address, target.credentials ?? credentials.createInsecure());

  function ask<Q, A>(definition: MethodDefinition<Q, A>, request: Q, deadlineMs = defaultDeadlineMs): Promise<A> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest<Q, A>(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        // A plugin that is being restarted is waited for, within the deadline.
        new Metadata({ waitForReady: true }),
        { deadline: Date.now() + deadlineMs },
        (error, answer) => (error === null ? resolve(answer as A) : reject(error)),
      );
    });
  }

  const subject: Subject = {
    type,
    ask,
    describe: () => ask({ ...TrafficRouterService.describe, path: `/${serviceNames[type]}/Describe` }, {}),
    async apply(intent, context, deadlineMs) {
      const { observation } = await ask(
        TrafficRouterService.apply,
        { context: contextOf(context), intent },
        deadlineMs,
      );
      must(observation !== undefined, 'Apply answered without an observation');
      return observation;
    },
    async observe(intent) {
      const { observation } = await ask(TrafficRouterService.observe, { intent });
      must(observation !== undefined, 'Observe answered without an observation');
      return observation;
    },
    async release({ rollout, configJson, stable, canary }, context) {
      const request = { rollout, configJson, stable, canary, managedRoutes: managedRoutesOf() };
      await ask(TrafficRouterService.release, { context: contextOf(context), ...request });
    },
    watchHealth(service) {
      const told: string[] = [];
      const stream = client.makeServerStreamRequest(
        HealthService.watch.path,
        HealthService.watch.requestSerialize,
        HealthService.watch.responseDeserialize,
        { service },
        new Metadata({ waitForReady: true }),
        {},
      );
      stream.on('data', (answer: HealthCheckResponse) => told.push(answer.status));
      stream.on('error', () => undefined);
      return { told, stop: () => stream.cancel() };
    },
    stop: target.stop,
    restart: target.restart,
    close: () => client.close(),
  };
  return subject;
}

/** A new key for each call, unless the check says otherwise. */
export function contextOf(context: Partial<CallContext> = {}): CallContext {
  return { idempotencyKey: randomUUID(), leaseEpoch: 0, ...context };
}

/** The names that the suite gives to managed routes, in order of precedence. */
export const managedRoutesOf = (): string[] => ['conformance-header', 'conformance-mirror'];

export function intentFor(target: TestRollout, weight: number, more: Partial<TrafficIntent> = {}): TrafficIntent {
  const { rollout, configJson, stable, canary } = target;
  return TrafficIntent.fromPartial({
    rollout,
    configJson,
    stable,
    canary,
    weight,
    maxWeight: 100,
    managedRoutes: managedRoutesOf(),
    ...more,
  });
}

export interface Failure {
  readonly status: number;
  /** From the trailer; undefined where there is none. */
  readonly code: string | undefined;
  readonly message: string;
}

/** The error of a call that has to fail. */
export async function failureOf(call: Promise<unknown>, what: string): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RuleBroken) throw error;
    const { code, details, metadata } = error as ServiceError;
    const trailer = metadata?.get(errorCodeTrailer)[0];
    return { status: code, code: typeof trailer === 'string' ? trailer : undefined, message: details };
  }
  throw new RuleBroken(`${what} was answered as if all were well`);
}
