import type { KubeClient } from '@sluice/kube';
import type { Observed, Router } from '@sluice/plugin-sdk';
import { createRecall, createRewrites, writerSince } from '@sluice/routed-objects';
import type { RewriteLimits, WriteContext } from '@sluice/routed-objects';
import { readObjects, refsOf, shareOf } from './found-objects.ts';
import type { Found, Refs } from './found-objects.ts';
import { hashedDestinationRule } from './hashed-destination-rule.ts';
import { giveBackFound } from './found-release.ts';
import { findProblems } from './problems.ts';
import { routedVirtualService } from './routed-virtual-service.ts';
import { where } from './selection.ts';
import { readIstioSettings } from './settings.ts';
import type { IstioSettings } from './settings.ts';
import { checkIntent, requireSides, wantedSubsets } from './wanted.ts';
import type { IstioIntent, IstioRelease } from './wanted.ts';
import { Held, giveBack, leftBehind, writeAll } from './write-objects.ts';

export const fieldManager = 'sluice-router-istio';

export interface IstioRouterOptions {
  readonly client: KubeClient;
  /** Version of networking.istio.io: `v1alpha3`, which every Istio since 1.0 serves. */
  readonly apiVersion?: string;
  readonly rewrites?: RewriteLimits;
}

/** Splits traffic by the VirtualServices that the manifest names, and points subsets of a DestinationRule at the pods of each version. */
export function createIstioRouter(options: IstioRouterOptions): Router<IstioSettings> {
  const { client, apiVersion = 'v1alpha3' } = options;
  const refs = refsOf(apiVersion);
  const rewrites = createRewrites(options.rewrites);
  // As they were applied last: what a manifest names no longer is given back. After a restart that is no longer known.
  const applied = createRecall<IstioRelease>();
  const contextOf = (rolloutUid: string, signal: AbortSignal): WriteContext => ({
    client,
    own: fieldManager,
    rewrites,
    rolloutUid,
    signal,
  });
  const observe = async (intent: IstioIntent, signal: AbortSignal): Promise<Observed> =>
    observationOf(refs, contextOf(intent.rollout.uid, signal), intent, await readObjects(client, refs, intent, signal));

  return {
    config: readIstioSettings,

    async validate(check, { signal }) {
      requireSides(check);
      return findProblems({ client, refs, check, signal });
    },

    async apply(intent, call) {
      checkIntent(intent);
      const { uid } = intent.rollout;
      const writing = { refs, context: contextOf(uid, call.signal), call };
      const found = await readObjects(client, refs, intent, call.signal);
      const share = shareOf(found);
      // Everything is decided before anything is written: a VirtualService that cannot be routed leaves the others as they are.
      for (const { live, wanted } of found.virtualServices) routedVirtualService(live, wanted);
      try {
        const undoneBy = await writeAll(writing, intent, found, share);
        const left = leftBehind(applied.get(uid), intent.config);
        if (left !== undefined) await giveBack(writing, left);
        applied.set(uid, intent);
        return { ...(await observe(intent, call.signal)), ...(undoneBy === '' ? {} : { foreignWriter: undoneBy }) };
      } catch (error) {
        if (!(error instanceof Held)) throw error;
        const foreignWriter = error.outcome.undoneBy ?? '';
        return { ...(await observe(intent, call.signal)), inSync: false, detail: error.message, foreignWriter };
      }
    },

    async observe(intent, { signal }) {
      checkIntent(intent);
      return observe(intent, signal);
    },

    async release(release, call) {
      const { uid } = release.rollout;
      const writing = { refs, context: contextOf(uid, call.signal), call };
      const { config } = release;
      await (config === undefined ? giveBackFound(writing, release) : giveBack(writing, { ...release, config }));
      applied.forget(uid);
    },
  };
}

function observationOf(refs: Refs, context: WriteContext, intent: IstioIntent, found: Found): Observed {
  const subsets = wantedSubsets(intent, undefined);
  const differing = found.virtualServices
    .filter(({ live, wanted }) => routedVirtualService(live, wanted) !== live)
    .map(({ key, live }) => ({ ref: refs.virtualServices, key, live }));
  const { rule } = found;
  if (rule !== undefined && subsets !== undefined && hashedDestinationRule(rule, subsets) !== rule)
    differing.push({ ref: refs.destinationRules, key: rule.metadata, live: rule });
  const canaryWeight = shareOf(found).canary;
  if (differing.length === 0) return { inSync: true, canaryWeight };
  const foreignWriter = differing
    .map((place) => writerSince(context, place, place.live))
    .find((name) => name !== undefined);
  const detail = `not as asked for: ${differing.map(({ live }) => where(live)).join(', ')}`;
  return { inSync: false, canaryWeight, detail, ...(foreignWriter === undefined ? {} : { foreignWriter }) };
}
