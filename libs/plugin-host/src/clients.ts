import { randomUUID } from 'node:crypto';
import { StepPluginService, TrafficObservation, TrafficRouterService } from '@sluice/contracts';
import type {
  CallContext,
  Destination,
  Problem,
  RolloutRef,
  RouteEvent,
  StepContext,
  StepResult,
  TrafficIntent,
} from '@sluice/contracts';
import { callerOf, viewOf, withView } from './client-view.ts';
import type { Find, PluginClient } from './client-view.ts';
import type { CallOptions, PluginCalls, WriteOptions } from './plugin-calls.ts';

export interface RouteRelease {
  readonly rollout: RolloutRef;
  readonly configJson: string;
  readonly stable?: Destination;
  readonly canary?: Destination;
  readonly managedRoutes: readonly string[];
}

export interface RouterCheck {
  readonly rollout: RolloutRef;
  readonly configJson: string;
  readonly stable?: Destination;
  readonly canary?: Destination;
}

/** A traffic router. All methods throw PluginCallError. */
export interface RouterClient extends PluginClient {
  apply(
    intent: TrafficIntent,
    options: WriteOptions,
  ): Promise<{ readonly observation: TrafficObservation; readonly events: readonly RouteEvent[] }>;
  observe(intent: TrafficIntent, options?: CallOptions): Promise<TrafficObservation>;
  release(release: RouteRelease, options: WriteOptions): Promise<readonly RouteEvent[]>;
  /** What is wrong with the configuration; empty when it can be used. */
  validate(check: RouterCheck, options?: CallOptions): Promise<readonly Problem[]>;
}

/** A step plugin. All methods throw PluginCallError. */
export interface StepClient extends PluginClient {
  run(step: StepContext, options: WriteOptions): Promise<StepResult>;
  poll(step: StepContext, options?: CallOptions): Promise<StepResult>;
  terminate(step: StepContext, options: WriteOptions): Promise<StepResult>;
  abort(step: StepContext, options: WriteOptions): Promise<StepResult>;
  validate(
    check: { readonly rollout: RolloutRef; readonly configJson: string },
    options?: CallOptions,
  ): Promise<readonly Problem[]>;
}

const contextOf = ({ epoch, key = randomUUID() }: WriteOptions): CallContext => ({
  leaseEpoch: epoch,
  idempotencyKey: key,
});

export function routerClient(calls: PluginCalls, name: string, find: Find): RouterClient {
  const ask = callerOf(calls, 'router', name, find);
  const { apply, observe, release, validate } = TrafficRouterService;
  return withView(viewOf(name, find), {
    async apply(intent: TrafficIntent, options: WriteOptions) {
      const answer = await ask('Apply', apply, { context: contextOf(options), intent }, options);
      return { observation: answer.observation ?? TrafficObservation.create(), events: answer.events };
    },
    async observe(intent: TrafficIntent, options: CallOptions = {}) {
      return (await ask('Observe', observe, { intent }, options)).observation ?? TrafficObservation.create();
    },
    async release({ stable, canary, managedRoutes, ...what }: RouteRelease, options: WriteOptions) {
      const request = { context: contextOf(options), ...what, stable, canary, managedRoutes: [...managedRoutes] };
      return (await ask('Release', release, request, options)).events;
    },
    async validate({ stable, canary, ...what }: RouterCheck, options: CallOptions = {}) {
      return (await ask('Validate', validate, { ...what, stable, canary }, options)).problems;
    },
  });
}

export function stepClient(calls: PluginCalls, name: string, find: Find): StepClient {
  const ask = callerOf(calls, 'step', name, find);
  const { run, poll, terminate, abort, validate } = StepPluginService;
  return withView(viewOf(name, find), {
    run: async (step: StepContext, options: WriteOptions) =>
      resultOf(await ask('Run', run, { context: contextOf(options), step }, options)),
    poll: async (step: StepContext, options: CallOptions = {}) => resultOf(await ask('Poll', poll, { step }, options)),
    terminate: async (step: StepContext, options: WriteOptions) =>
      resultOf(await ask('Terminate', terminate, { context: contextOf(options), step }, options)),
    abort: async (step: StepContext, options: WriteOptions) =>
      resultOf(await ask('Abort', abort, { context: contextOf(options), step }, options)),
    validate: async (check: Parameters<StepClient['validate']>[0], options: CallOptions = {}) =>
      (await ask('Validate', validate, check, options)).problems,
  });
}

function resultOf({ result }: { readonly result?: StepResult | undefined }): StepResult {
  return result ?? { phase: 'PHASE_UNSPECIFIED', message: '', stateJson: '', pollAfterMs: 0 };
}
