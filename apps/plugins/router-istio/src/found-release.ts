import { isKubeError } from '@sluice/kube';
import type { RawObject, ResourceRef } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import type { RouterRelease } from '@sluice/plugin-sdk';
import { changeObject, mayBeWrittenBy } from '@sluice/routed-objects';
import { hashLabel, hostOf, isNamedByExperiment, managedByAnnotation, subsetsOf } from './hashed-destination-rule.ts';
import { updatedVirtualService } from './route-events.ts';
import { where } from './selection.ts';
import { isServiceHere } from './sides.ts';
import { destinationsOf, routeKinds, routesOf, withRoutes } from './virtual-service.ts';
import type { Route, RouteDestination } from './virtual-service.ts';
import { wholeTraffic } from './weights.ts';
import { Held, giveBackRule } from './write-objects.ts';
import type { Writing } from './write-objects.ts';

export type ForgottenRelease = Pick<RouterRelease, 'rollout' | 'stable' | 'canary' | 'managedRoutes'>;

/** What the destinations of one rollout's versions look like: a Service, a subset of a DestinationRule's host, or both. */
export interface Versions {
  readonly release: ForgottenRelease;
  readonly subsets: readonly { readonly host: string; readonly canary: string; readonly stable: string }[];
}

/**
 * Gives back without a configuration, in the Rollout's namespace: the DestinationRules that carry the Rollout's name, and the VirtualServices that this router has
 * written and that route between the Rollout's two versions. What steps have made is known by `managedRoutes` only.
 */
export async function giveBackFound(writing: Writing, release: ForgottenRelease): Promise<void> {
  const { refs } = writing;
  const rules = (await listed(writing, refs.destinationRules, release)).filter(
    ({ metadata }) => metadata.annotations?.[managedByAnnotation] === release.rollout.name,
  );
  const versions = { release, subsets: rules.flatMap((rule) => subsetsIn(rule, release)) };
  const virtualServices = await listed(writing, refs.virtualServices, release);
  for (const live of virtualServices)
    if (mayBeWrittenBy(live, writing.context.own)) await giveBackVirtualService(writing, live, versions);
  for (const rule of rules) {
    const [{ canary = '', stable = '' } = {}] = subsetsIn(rule, release);
    const settings = { name: rule.metadata.name ?? '', canarySubset: canary, stableSubset: stable };
    await giveBackRule(writing, release, settings);
  }
}

async function listed(
  { context }: Writing,
  ref: ResourceRef,
  { rollout }: ForgottenRelease,
): Promise<readonly RawObject[]> {
  try {
    return (await context.client.list(ref, { namespace: rollout.namespace, signal: context.signal })).items;
  } catch (error) {
    // The kind is not installed: nothing of it was ever written.
    if (isKubeError(error, 'NotFound')) return [];
    throw error;
  }
}

function subsetsIn(rule: RawObject, { stable, canary }: ForgottenRelease): Versions['subsets'] {
  const host = hostOf(rule);
  const named = (hash: string): string =>
    (hash === '' ? undefined : subsetsOf(rule).find(({ labels }) => labels?.[hashLabel] === hash)?.name) ?? '';
  return host === undefined
    ? []
    : [{ host, canary: named(canary.podTemplateHash), stable: named(stable.podTemplateHash) }];
}

async function giveBackVirtualService({ refs, context, call }: Writing, live: RawObject, versions: Versions) {
  const { namespace = '', name = '' } = live.metadata;
  const outcome = await changeObject(context, {
    ref: refs.virtualServices,
    key: { namespace, name },
    live,
    change: (object) => emptied(object, versions),
    purpose: 'release',
  });
  if (outcome.held) throw new PluginError('Conflict', new Held(outcome).message);
  if (outcome.wrote) call.event(updatedVirtualService, `${where(live)}: all traffic goes to the stable version`);
}

/** The VirtualService without anything for the canary; the same object when there is nothing for it. Only routes that go to both versions are weighted. */
export function emptied(live: RawObject, versions: Versions): RawObject {
  let result = live;
  for (const kind of routeKinds) {
    const routes = routesOf(live, kind);
    const kept = routes
      .filter((route) => kind !== 'http' || !isMadeByStep(route, versions))
      .map((route) => withoutCanary(route, versions));
    const isSame = kept.length === routes.length && kept.every((route, index) => route === routes[index]);
    if (!isSame) result = withRoutes(result, kind, kept);
  }
  return result;
}

function isMadeByStep(route: Route, versions: Versions): boolean {
  if (!versions.release.managedRoutes.includes(route.name ?? '')) return false;
  const targets = route.mirror === undefined ? destinationsOf(route) : [{ destination: route.mirror }];
  return targets.length > 0 && targets.every((target) => isSide(target, 'canary', versions));
}

function withoutCanary(route: Route, versions: Versions): Route {
  const before = destinationsOf(route);
  const isCanary = (one: RouteDestination): boolean => isSide(one, 'canary', versions);
  const isStable = (one: RouteDestination): boolean => isSide(one, 'stable', versions);
  if (!before.some(isCanary) || !before.some(isStable)) return route;
  const kept = before.filter((one) => !isOfExperiment(one, versions));
  const others = kept.filter((one) => !isCanary(one) && !isStable(one));
  const stableWeight = Math.max(0, wholeTraffic - others.reduce((sum, { weight = 0 }) => sum + weight, 0));
  const after = kept.map((one) =>
    isCanary(one) ? withWeight(one, 0) : isStable(one) ? withWeight(one, stableWeight) : one,
  );
  const isSame = after.length === before.length && after.every((one, index) => one === before[index]);
  return isSame ? route : { ...route, route: after };
}

const withWeight = (one: RouteDestination, weight: number): RouteDestination =>
  (one.weight ?? 0) === weight ? one : { ...one, weight };

function isSide({ destination }: RouteDestination, side: 'canary' | 'stable', { release, subsets }: Versions): boolean {
  const { host = '', subset = '' } = destination ?? {};
  const { namespace } = release.rollout;
  const { service } = release[side];
  if (service !== '' && isServiceHere(host, service, namespace)) return true;
  return subset !== '' && subsets.some((known) => known[side] === subset && isHost(host, known.host, namespace));
}

const isHost = (host: string, of: string, namespace: string): boolean =>
  host === of || isServiceHere(host, of, namespace);

function isOfExperiment({ destination }: RouteDestination, { release }: Versions): boolean {
  return isNamedByExperiment(destination?.host?.split('.', 1)[0] ?? '', release.rollout.name);
}
