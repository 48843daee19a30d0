import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient, ObjectKey, RawObject } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { Call, Observed, Problem, RolloutRef, Router, RouterCheck, RouterIntent } from '@sluice/plugin-sdk';
import {
  changeObject,
  createRecall,
  createRewrites,
  heldDetail,
  jsonPatchBetween,
  writerSince,
} from '@sluice/routed-objects';
import type { RewriteLimits, WriteContext } from '@sluice/routed-objects';
import {
  canaryIngress,
  canaryIngressName,
  isCanary,
  isOurs,
  updatedCanaryIngress,
  weightIn,
} from './canary-ingress.ts';
import type { WantedSplit } from './canary-ingress.ts';
import { readNginxSettings } from './settings.ts';
import type { NamedIngress, NginxSettings } from './settings.ts';

export const fieldManager = 'sluice-router-nginx';

export interface NginxRouterOptions {
  readonly client: KubeClient;
  readonly rewrites?: RewriteLimits;
}

type NginxIntent = RouterIntent<NginxSettings>;

/** A stable Ingress and its canary one, as read together. */
interface Pair {
  readonly stable: RawObject;
  readonly canaryKey: ObjectKey;
  readonly canary: RawObject | undefined;
}

/** Splits traffic by a canary Ingress beside each stable one. It stays between updates, with weight 0. */
export function createNginxRouter({ client, rewrites: limits }: NginxRouterOptions): Router<NginxSettings> {
  const rewrites = createRewrites(limits);
  // Which Ingresses a rollout named when it was last seen: canary Ingresses of others are only looked for when that has changed.
  const named = createRecall<string>();

  const contextOf = (rolloutUid: string, signal: AbortSignal): WriteContext => ({
    client,
    own: fieldManager,
    rewrites,
    rolloutUid,
    signal,
  });

  async function read({ rollout, config }: NginxIntent, signal: AbortSignal): Promise<readonly Pair[]> {
    return Promise.all(
      config.stableIngresses.map(async ({ name }): Promise<Pair> => {
        const canaryKey = { namespace: rollout.namespace, name: canaryIngressName(rollout.name, name) };
        const [stable, canary] = await Promise.all([
          stableIngress(client, rollout.namespace, name, signal),
          client.find(resources.ingresses, canaryKey, { signal }),
        ]);
        return { stable, canaryKey, canary };
      }),
    );
  }

  return {
    config: readNginxSettings,
    validate: (check, call) => problemsOf(client, check, call.signal),

    async apply(intent, call) {
      const wanted = wantedSplit(intent);
      const context = contextOf(intent.rollout.uid, call.signal);
      const pairs = await read(intent, call.signal);
      // All are decided before the first is written: one that cannot be made leaves the others as they are.
      for (const pair of pairs) targetOf(pair, wanted);
      const outcomes: Outcome[] = [];
      for (const pair of pairs) outcomes.push(await writeCanary(context, pair, wanted, call));
      const names = pairs.map(({ canaryKey }) => canaryKey.name ?? '');
      const before = named.get(intent.rollout.uid);
      // A rollout that is new here and has no canary Ingress yet has none to lose either: no list for each of a fleet's first calls.
      const mayHaveOthers = before !== undefined || pairs.some(({ canary }) => canary !== undefined);
      if (mayHaveOthers && before !== names.join(' ')) await removeCanaries(client, intent.rollout, names, call);
      named.set(intent.rollout.uid, names.join(' '));
      const held = heldDetail(outcomes);
      const foreignWriter = outcomes.map(({ undoneBy }) => undoneBy ?? '').find((name) => name !== '');
      return {
        ...observationOf(context, await read(intent, call.signal), wanted),
        ...(held === undefined ? {} : { inSync: false, detail: held }),
        ...(foreignWriter === undefined ? {} : { foreignWriter }),
      };
    },

    async observe(intent, call) {
      return observationOf(
        contextOf(intent.rollout.uid, call.signal),
        await read(intent, call.signal),
        wantedSplit(intent),
      );
    },

    async release({ rollout }, call) {
      await removeCanaries(client, rollout, [], call);
      named.forget(rollout.uid);
    },
  };
}

function wantedSplit({ rollout, config, stable, canary, weight, maxWeight }: NginxIntent): WantedSplit {
  for (const [title, { service }] of [
    ['stable', stable],
    ['canary', canary],
  ] as const)
    if (service === '')
      throw new PluginError('Invalid', `nginx needs a Service for the ${title} version: set ${title}Service`);
  const split = {
    rollout,
    settings: config,
    stableService: stable.service,
    canaryService: canary.service,
    weight,
    maxWeight,
  };
  const names = config.stableIngresses.map(({ name }) => canaryIngressName(rollout.name, name));
  if (new Set(names).size < names.length)
    throw new PluginError('Invalid', 'the names of two stable Ingresses are the same in their first 246 characters', {
      path: 'stableIngresses',
    });
  return split;
}

function targetOf({ stable, canary }: Pair, wanted: WantedSplit): RawObject {
  return canary === undefined ? canaryIngress(stable, wanted) : updatedCanaryIngress(canary, stable, wanted);
}

interface Outcome {
  readonly name: string;
  readonly before: RawObject;
  readonly after: RawObject;
  readonly wrote: boolean;
  readonly held: boolean;
  readonly undoneBy: string | undefined;
}

/** Creates or changes one canary Ingress. Somebody may create or delete it in between: then the other of the two is tried, once. */
async function writeCanary(context: WriteContext, pair: Pair, wanted: WantedSplit, call: Call): Promise<Outcome> {
  const { client, signal } = context;
  let live = pair.canary;
  for (let attempt = 1; ; attempt++) {
    try {
      return live === undefined
        ? await create(context, pair, wanted, call)
        : await change(context, pair, live, wanted, call);
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists', 'NotFound') || attempt > 1) throw error;
      live = await client.find(resources.ingresses, pair.canaryKey, { signal });
    }
  }
}

async function create(
  { client, own, signal }: WriteContext,
  pair: Pair,
  wanted: WantedSplit,
  call: Call,
): Promise<Outcome> {
  const { name = '' } = pair.canaryKey;
  const made = canaryIngress(pair.stable, wanted);
  const after = await client.create(resources.ingresses, made, { signal, fieldManager: own });
  call.event('CreatingCanaryIngress', `Creating canary ingress \`${name}\` with weight \`${wanted.weight}\``);
  return { name, before: after, after, wrote: true, held: false, undoneBy: undefined };
}

async function change(
  context: WriteContext,
  pair: Pair,
  live: RawObject,
  wanted: WantedSplit,
  call: Call,
): Promise<Outcome> {
  const { name = '' } = pair.canaryKey;
  const outcome = await changeObject(context, {
    ref: resources.ingresses,
    key: pair.canaryKey,
    live,
    change: (object) => updatedCanaryIngress(object, pair.stable, wanted),
  });
  if (outcome.wrote)
    call.event('PatchingCanaryIngress', `Updating Ingress \`${name}\` to desiredWeight '${wanted.weight}'`);
  return { ...outcome, name };
}

/** Deletes this rollout's canary Ingresses besides those to keep. */
async function removeCanaries(
  client: KubeClient,
  rollout: RolloutRef,
  keep: readonly string[],
  call: Call,
): Promise<void> {
  const { signal } = call;
  const { items } = await client.list(resources.ingresses, { namespace: rollout.namespace, signal });
  const extra = items.filter(
    (item) => isOurs(item, rollout) && isCanary(item) && !keep.includes(item.metadata.name ?? ''),
  );
  for (const { metadata } of extra) {
    const { name = '', uid } = metadata;
    try {
      await client.remove(
        resources.ingresses,
        { namespace: rollout.namespace, name },
        { signal, ...(uid === undefined ? {} : { uid }) },
      );
      call.event('DeletingCanaryIngress', `Deleting canary ingress \`${name}\``);
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
  }
}

function observationOf(context: WriteContext, pairs: readonly Pair[], wanted: WantedSplit): Observed {
  const differing = pairs.filter(
    (pair) => pair.canary === undefined || jsonPatchBetween(pair.canary, targetOf(pair, wanted)).length > 0,
  );
  const canaryWeight = Math.max(0, ...pairs.map(({ canary }) => (canary === undefined ? 0 : weightIn(canary, wanted))));
  if (differing.length === 0) return { inSync: true, canaryWeight };
  const names = differing.map(
    ({ canaryKey, canary }) => `${canaryKey.name ?? ''}${canary === undefined ? ' (missing)' : ''}`,
  );
  const foreignWriter = differing
    .map(
      ({ canary, canaryKey }) => canary && writerSince(context, { ref: resources.ingresses, key: canaryKey }, canary),
    )
    .find((name) => name !== undefined);
  const detail = `canary ingress not as asked for: ${names.join(', ')}`;
  return { inSync: false, canaryWeight, detail, ...(foreignWriter === undefined ? {} : { foreignWriter }) };
}

async function stableIngress(
  client: KubeClient,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<RawObject> {
  const found = await client.find(resources.ingresses, { namespace, name }, { signal });
  if (found === undefined)
    throw new PluginError('NotFound', `error retrieving stableIngress \`${name}\` from cache: ${notFound(name)}`);
  return found;
}

function notFound(name: string): string {
  return `ingress.networking.k8s.io "${name}" not found`;
}

async function problemsOf(
  client: KubeClient,
  check: RouterCheck<NginxSettings>,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const wanted = wantedSplit({
    ...check,
    configJson: '',
    weight: 0,
    maxWeight: 100,
    extraDestinations: [],
    headerRoutes: [],
    mirrorRoutes: [],
    managedRoutes: [],
  });
  const problems = await Promise.all(
    check.config.stableIngresses.map(async ({ name, path }: NamedIngress): Promise<Problem[]> => {
      const stable = await client.find(resources.ingresses, { namespace: check.rollout.namespace, name }, { signal });
      if (stable === undefined) return [{ path, message: notFound(name) }];
      try {
        canaryIngress(stable, wanted);
        return [];
      } catch (error) {
        return [{ path, message: (error as Error).message }];
      }
    }),
  );
  return problems.flat();
}
