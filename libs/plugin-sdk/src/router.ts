import {
  ApplyRequest,
  ReleaseRequest,
  TrafficObservation,
  TrafficRouterService,
  Verification,
} from '@sluice/contracts';
import type { Destination, Problem, RolloutRef, TrafficIntent, TrafficRouterServer } from '@sluice/contracts';
import { reading, requiredRollout, writing } from './call.ts';
import type { Call, CallRuntime } from './call.ts';
import { configOf, problemsOf } from './configuration.ts';
import type { JsonObject, ReadConfig } from './configuration.ts';
import { describing } from './describe.ts';
import type { Introduction, PluginService } from './describe.ts';
import { PluginError } from './plugin-error.ts';

/** The whole desired routing of one rollout, checked: it names its rollout, weights lie within `maxWeight`, the configuration could be read. */
export interface RouterIntent<Config = JsonObject> extends TrafficIntent {
  readonly rollout: RolloutRef;
  /** Service and hash are empty where the caller named none. */
  readonly stable: Destination;
  readonly canary: Destination;
  readonly config: Config;
}

export interface RouterRelease<Config = JsonObject> {
  readonly rollout: RolloutRef;
  readonly stable: Destination;
  readonly canary: Destination;
  /** Undefined: nobody knows it any more. Then what this router has written for the rollout is to be found without it. */
  readonly config: Config | undefined;
  readonly managedRoutes: readonly string[];
}

export interface RouterCheck<Config = JsonObject> {
  readonly rollout: RolloutRef;
  readonly stable: Destination;
  readonly canary: Destination;
  readonly config: Config;
}

/** What is routed, as read back. Without `verification` it is `UNSUPPORTED`: what the API holds counts. */
export type Observed = Partial<TrafficObservation> & Pick<TrafficObservation, 'inSync' | 'canaryWeight'>;

/** A traffic router, as its author writes it. Rules R1 to R9 of the contract are the author's; P1 to P6 are kept by the SDK. */
export interface Router<Config = JsonObject> {
  /** Without it the configuration is what stands in the manifest. */
  readonly config?: ReadConfig<Config>;
  /** Looks at the objects that the configuration names; returns what is wrong with them. Never writes. */
  validate?(check: RouterCheck<Config>, call: Call): Promise<readonly Problem[]>;
  /** Makes it so, then says what is routed, read back. Runs once at a time for each rollout. */
  apply(intent: RouterIntent<Config>, call: Call): Promise<Observed>;
  /** What is routed now, compared with the intent. Never writes. */
  observe(intent: RouterIntent<Config>, call: Call): Promise<Observed>;
  /** Gives back what was taken; succeeds when there is nothing to give back. */
  release(release: RouterRelease<Config>, call: Call): Promise<void>;
}

const nowhere: Destination = { service: '', podTemplateHash: '' };

/** The gRPC service around a router. */
export function routerService<Config>(
  introduction: Introduction,
  router: Router<Config>,
  runtime: CallRuntime,
): PluginService<TrafficRouterServer> {
  const read = router.config ?? ((raw: JsonObject) => raw as unknown as Config);
  const implementation: TrafficRouterServer = {
    describe: describing(introduction, runtime),
    validate: reading(runtime, {
      method: 'Validate',
      rollout: (request) => request.rollout,
      answer: async ({ rollout, configJson, stable = nowhere, canary = nowhere }, call) => {
        const about = requiredRollout(rollout);
        const problems = await problemsOf(async () => {
          const config = configOf(configJson, read);
          return (await router.validate?.({ rollout: about, stable, canary, config }, call)) ?? [];
        });
        return { problems };
      },
    }),
    apply: writing(runtime, {
      method: 'Apply',
      rollout: (request) => request.intent?.rollout,
      context: (request) => request.context,
      encoded: (request) => ApplyRequest.encode(request).finish(),
      answer: async (request, call, events) => {
        const observation = observationOf(await router.apply(checkedIntent(request.intent, read), call));
        return { observation, events };
      },
    }),
    observe: reading(runtime, {
      method: 'Observe',
      rollout: (request) => request.intent?.rollout,
      answer: async (request, call) => ({
        observation: observationOf(await router.observe(checkedIntent(request.intent, read), call)),
      }),
    }),
    release: writing(runtime, {
      method: 'Release',
      rollout: (request) => request.rollout,
      context: (request) => request.context,
      encoded: (request) => ReleaseRequest.encode(request).finish(),
      answer: async ({ rollout, configJson, stable = nowhere, canary = nowhere, managedRoutes }, call, events) => {
        const release = { rollout: requiredRollout(rollout), stable, canary, managedRoutes };
        const config = configJson === '' ? undefined : configOf(configJson, read);
        await router.release({ ...release, config }, call);
        return { events };
      },
    }),
  };
  return { name: 'sluice.router.v1.TrafficRouter', definition: TrafficRouterService, implementation };
}

function observationOf(observed: Observed): TrafficObservation {
  return TrafficObservation.fromPartial({ verification: Verification.UNSUPPORTED, ...observed });
}

function checkedIntent<Config>(intent: TrafficIntent | undefined, read: ReadConfig<Config>): RouterIntent<Config> {
  if (intent === undefined) throw new PluginError('Invalid', 'the request has no intent');
  const maxWeight = intent.maxWeight === 0 ? 100 : intent.maxWeight;
  const weights = [intent.weight, ...intent.extraDestinations.map(({ weight }) => weight)];
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (maxWeight < 0 || weights.some((weight) => weight < 0) || sum > maxWeight)
    throw new PluginError('Invalid', `the weights ${weights.join(' + ')} do not lie within 0 and ${maxWeight}`);
  if ([...intent.headerRoutes, ...intent.mirrorRoutes].some(({ name }) => name === ''))
    throw new PluginError('Invalid', 'a header or mirror route has no name');
  const mirror = intent.mirrorRoutes.find(({ percentage }) => percentage < 0 || percentage > 100);
  if (mirror !== undefined)
    throw new PluginError('Invalid', `mirror route ${mirror.name}: ${mirror.percentage} is not a percentage`);
  return {
    ...intent,
    rollout: requiredRollout(intent.rollout),
    stable: intent.stable ?? nowhere,
    canary: intent.canary ?? nowhere,
    maxWeight,
    config: configOf(intent.configJson, read),
  };
}
