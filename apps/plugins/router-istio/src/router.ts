import { isKubeError } from '@sluice/kube';
import type { KubeClient, ObjectKey, RawObject, ResourceRef } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { Call, Observed, Router, RouterCheck } from '@sluice/plugin-sdk';
import type { Problem } from '@sluice/contracts';
import { changeObject, createRewrites, heldDetail, laterWriter } from '@sluice/routed-objects';
import type { ChangeOutcome, RewriteLimits, WriteContext } from '@sluice/routed-objects';
import { hashedDestinationRule, hostOf, releasedDestinationRule } from './hashed-destination-rule.ts';
import {
  destinationRuleMessage,
  updatedDestinationRule,
  updatedVirtualService,
  virtualServiceMessages,
} from './route-events.ts';
import { presentShare, routedVirtualService, withoutManagedRoutes } from './routed-virtual-service.ts';
import type { PresentShare, WantedRouting } from './routed-virtual-service.ts';
import { where } from './selection.ts';
import { readIstioSettings } from './settings.ts';
import type { IstioSettings, VirtualServiceSettings } from './settings.ts';
import { routesOf } from './virtual-service.ts';
import { checkIntent, givenBack, requireSides, wantedRouting, wantedSubsets } from './wanted.ts';
import type { IstioIntent, IstioRelease } from './wanted.ts';

export const fieldManager = 'sluice-router-istio';

export interface IstioRouterOptions {
  readonly client: KubeClient;
  /** Version of networking.istio.io: `v1alpha3`, which every Istio since 1.0 serves. */
  readonly apiVersion?: string;
  readonly rewrites?: RewriteLimits;
}

interface Refs {
  readonly virtualServices: ResourceRef;
  readonly destinationRules: ResourceRef;
}

function refsOf(version: string): Refs {
  const shared = { group: 'networking.istio.io', version, namespaced: true };
  return {
    virtualServices: { ...shared, plural: 'virtualservices', kind: 'VirtualService' },
    destinationRules: { ...shared, plural: 'destinationrules', kind: 'DestinationRule' },
  };
}

/** Objects of one rollout as read together. */
interface Found {
  readonly rule: RawObject | undefined;
  readonly virtualServices: readonly {
    readonly key: ObjectKey;
    readonly live: RawObject;
    readonly wanted: WantedRouting;
  }[];
}

/** Splits traffic by the VirtualServices that the manifest names, and points subsets of a DestinationRule at the pods of each version. */
export function createIstioRouter({
  client,
  apiVersion = 'v1alpha3',
  rewrites: limits,
}: IstioRouterOptions): Router<IstioSettings> {
  const refs = refsOf(apiVersion);
  const rewrites = createRewrites(limits);
  const contextOf = (rolloutUid: string, signal: AbortSignal): WriteContext => ({
    client,
    own: fieldManager,
    rewrites,
    rolloutUid,
    signal,
  });

  async function read(intent: IstioIntent, signal: AbortSignal): Promise<Found> {
    const { rollout, config } = intent;
    const [rule, ...virtualServices] = await Promise.all([
      config.destinationRule === undefined
        ? undefined
        : client.get(refs.destinationRules, ruleKey(rollout.namespace, config.destinationRule.name), { signal }),
      ...config.virtualServices.map((settings) =>
        client.get(refs.virtualServices, keyOf(settings, rollout.namespace), { signal }),
      ),
    ]);
    const ruleHost = rule === undefined ? undefined : hostOf(rule);
    return {
      rule,
      virtualServices: config.virtualServices.map((settings, index) => ({
        key: keyOf(settings, rollout.namespace),
        live: virtualServices[index] as RawObject,
        wanted: wantedRouting(intent, settings, ruleHost),
      })),
    };
  }

  async function changeRule(
    context: WriteContext,
    intent: IstioIntent,
    found: Found,
    share: PresentShare | undefined,
    call: Call,
  ): Promise<Found> {
    const wanted = wantedSubsets(intent, share);
    if (found.rule === undefined || wanted === undefined) return found;
    const outcome = await changeObject(context, {
      ref: refs.destinationRules,
      key: ruleKey(intent.rollout.namespace, wanted.settings.name),
      live: found.rule,
      purpose: share === undefined ? 'after the weights' : 'before the weights',
      change: (live) => hashedDestinationRule(live, wanted),
    });
    if (outcome.held) throw new Held(outcome);
    if (outcome.wrote) call.event(updatedDestinationRule, destinationRuleMessage(outcome.after, wanted.settings));
    return { ...found, rule: outcome.after };
  }

  async function changeVirtualServices(context: WriteContext, found: Found, call: Call): Promise<string | undefined> {
    let undoneBy: string | undefined;
    for (const { key, live, wanted } of found.virtualServices) {
      const change = (object: RawObject): RawObject => routedVirtualService(object, wanted);
      const outcome = await changeObject(context, { ref: refs.virtualServices, key, live, change });
      if (outcome.held) throw new Held(outcome);
      undoneBy = outcome.undoneBy || undoneBy;
      if (outcome.wrote)
        for (const message of virtualServiceMessages(outcome.before, outcome.after, wanted))
          call.event(updatedVirtualService, message);
    }
    return undoneBy;
  }

  return {
    config: readIstioSettings,

    async validate(check, call) {
      requireSides(check);
      const problems = await Promise.all([
        ruleProblems(client, refs, check, call.signal),
        ...check.config.virtualServices.map((settings) =>
          virtualServiceProblems(client, refs, check, settings, call.signal),
        ),
      ]);
      return problems.flat();
    },

    async apply(intent, call) {
      checkIntent(intent);
      const context = contextOf(intent.rollout.uid, call.signal);
      const found = await read(intent, call.signal);
      // Everything is decided before anything is written: a VirtualService that cannot be routed leaves the others as they are.
      const share = shareOf(found);
      for (const { live, wanted } of found.virtualServices) routedVirtualService(live, wanted);
      try {
        const prepared = await changeRule(context, intent, found, share, call);
        const undoneBy = await changeVirtualServices(context, prepared, call);
        await changeRule(context, intent, prepared, undefined, call);
        return {
          ...observationOf(intent, await read(intent, call.signal)),
          ...(undoneBy === undefined ? {} : { foreignWriter: undoneBy }),
        };
      } catch (error) {
        if (!(error instanceof Held)) throw error;
        const observed = observationOf(intent, await read(intent, call.signal));
        return { ...observed, inSync: false, detail: error.message, foreignWriter: error.outcome.undoneBy ?? '' };
      }
    },

    async observe(intent, call) {
      checkIntent(intent);
      return observationOf(intent, await read(intent, call.signal));
    },

    release: (release, call) => releaseAll(client, refs, contextOf(release.rollout.uid, call.signal), release, call),
  };
}

/** A write that was left out because somebody keeps undoing it: what would have come after it must not happen either. */
class Held extends Error {
  readonly outcome: ChangeOutcome;
  constructor(outcome: ChangeOutcome) {
    super(heldDetail([{ ...outcome, name: where(outcome.before) }]));
    this.outcome = outcome;
  }
}

function keyOf({ name, namespace }: VirtualServiceSettings, rolloutNamespace: string): ObjectKey {
  return { name, namespace: namespace ?? rolloutNamespace };
}

function ruleKey(namespace: string, name: string): ObjectKey {
  return { namespace, name };
}

function shareOf(found: Found): PresentShare {
  const shares = found.virtualServices.map(({ live, wanted }) => presentShare(live, wanted));
  return {
    canary: Math.max(0, ...shares.map(({ canary }) => canary)),
    stable: Math.max(0, ...shares.map(({ stable }) => stable)),
    managed: shares.flatMap(({ managed }) => managed),
  };
}

function observationOf(intent: IstioIntent, found: Found): Observed {
  const subsets = wantedSubsets(intent, undefined);
  const differing = [
    ...found.virtualServices
      .filter(({ live, wanted }) => routedVirtualService(live, wanted) !== live)
      .map(({ live }) => live),
    ...(found.rule !== undefined && subsets !== undefined && hashedDestinationRule(found.rule, subsets) !== found.rule
      ? [found.rule]
      : []),
  ];
  const canaryWeight = shareOf(found).canary;
  if (differing.length === 0) return { inSync: true, canaryWeight };
  const foreignWriter = differing.map((live) => laterWriter(live, fieldManager)).find((name) => name !== undefined);
  const detail = `not as asked for: ${differing.map(where).join(', ')}`;
  return { inSync: false, canaryWeight, detail, ...(foreignWriter === undefined ? {} : { foreignWriter }) };
}

async function releaseAll(
  client: KubeClient,
  refs: Refs,
  context: WriteContext,
  release: IstioRelease,
  call: Call,
): Promise<void> {
  const { rollout, config } = release;
  for (const settings of config.virtualServices) {
    const key = keyOf(settings, rollout.namespace);
    const live = await client.find(refs.virtualServices, key, { signal: call.signal });
    if (live === undefined) continue;
    const wanted = givenBack(release, settings);
    const change = (object: RawObject): RawObject => releasedVirtualService(object, wanted);
    const outcome = await changeObject(context, { ref: refs.virtualServices, key, live, change, purpose: 'release' });
    if (outcome.held) throw new PluginError('Conflict', new Held(outcome).message);
    if (outcome.wrote)
      for (const message of virtualServiceMessages(outcome.before, outcome.after, wanted))
        call.event(updatedVirtualService, message);
  }
  // The subsets lose their hashes last: until then the stable one holds only stable pods.
  if (config.destinationRule === undefined) return;
  const key = ruleKey(rollout.namespace, config.destinationRule.name);
  const live = await client.find(refs.destinationRules, key, { signal: call.signal });
  if (live === undefined) return;
  const change = (object: RawObject): RawObject => releasedDestinationRule(object, rollout.name);
  const outcome = await changeObject(context, { ref: refs.destinationRules, key, live, change, purpose: 'release' });
  if (outcome.held) throw new PluginError('Conflict', new Held(outcome).message);
  if (outcome.wrote) call.event(updatedDestinationRule, destinationRuleMessage(outcome.after, config.destinationRule));
}

/** A VirtualService whose weighted routes are gone has nothing to give back but the routes of steps. */
function releasedVirtualService(live: RawObject, wanted: WantedRouting): RawObject {
  try {
    return routedVirtualService(live, wanted);
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    return withoutManagedRoutes(live, wanted);
  }
}

async function ruleProblems(
  client: KubeClient,
  refs: Refs,
  check: RouterCheck<IstioSettings>,
  signal: AbortSignal,
): Promise<Problem[]> {
  const settings = check.config.destinationRule;
  if (settings === undefined) return [];
  const path = 'destinationRule';
  return problemsAt(path, async () => {
    const live = await client.get(refs.destinationRules, ruleKey(check.rollout.namespace, settings.name), { signal });
    const wanted = {
      rollout: check.rollout.name,
      settings,
      canaryHash: undefined,
      stableHash: undefined,
      extras: [],
      dropEnded: false,
    };
    hashedDestinationRule(live, wanted);
  });
}

async function virtualServiceProblems(
  client: KubeClient,
  refs: Refs,
  check: RouterCheck<IstioSettings>,
  settings: VirtualServiceSettings,
  signal: AbortSignal,
): Promise<Problem[]> {
  return problemsAt(settings.path, async () => {
    const live = await client.get(refs.virtualServices, keyOf(settings, check.rollout.namespace), { signal });
    // Which routes steps have made is not known here: any may be that goes only to the canary.
    const managedRoutes = routesOf(live, 'http').map(({ name = '' }) => name);
    presentShare(live, givenBack({ ...check, managedRoutes }, settings));
  });
}

async function problemsAt(path: string, look: () => Promise<void>): Promise<Problem[]> {
  try {
    await look();
    return [];
  } catch (error) {
    if (isKubeError(error, 'NotFound'))
      return [{ path: `${path}.name`, message: error.serverMessage ?? error.message }];
    if (error instanceof PluginError) return [{ path, message: error.message }];
    throw error;
  }
}
