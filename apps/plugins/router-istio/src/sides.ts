import type { ExtraDestination } from '@sluice/contracts';
import type { RouterIntent } from '@sluice/plugin-sdk';
import type { IstioSettings } from './settings.ts';
import type { RouteDestination } from './virtual-service.ts';

/** Whose a destination is. `left-alone` are the subsets that the user has listed to be left as they are. */
export type Side = 'canary' | 'stable' | 'extra' | 'left-alone' | 'unknown';

/** By what destinations are told apart: hosts of Services, or subsets of a DestinationRule, or both. */
export interface Sides {
  readonly namespace: string;
  readonly canaryService: string;
  readonly stableService: string;
  readonly extras: readonly ExtraDestination[];
  readonly canarySubset: string | undefined;
  readonly stableSubset: string | undefined;
  readonly leftAlone: readonly string[];
}

type Asked = Pick<RouterIntent<IstioSettings>, 'rollout' | 'stable' | 'canary' | 'config'> &
  Partial<Pick<RouterIntent, 'extraDestinations'>>;

export function sidesOf(asked: Asked): Sides {
  const rule = asked.config.destinationRule;
  return {
    namespace: asked.rollout.namespace,
    canaryService: asked.canary.service,
    stableService: asked.stable.service,
    extras: asked.extraDestinations ?? [],
    canarySubset: rule?.canarySubset,
    stableSubset: rule?.stableSubset,
    leftAlone: rule?.additionalSubsets ?? [],
  };
}

/** Side of each destination of one route. */
export function sidesIn(destinations: readonly RouteDestination[], sides: Sides): readonly Side[] {
  const exact = destinations.map((destination) => sideOf(destination, sides, isServiceHere));
  // Hosts outside the cluster's own naming count only where the route names the Service in no other way: a Service of the same name elsewhere is foreign.
  const loose = destinations.map((destination) => sideOf(destination, sides, firstLabelIs));
  return exact.map((side, index) => {
    const other = loose[index] ?? side;
    return side === 'unknown' && !exact.includes(other) ? other : side;
  });
}

/** Whether each destination is this rollout's canary without a doubt: no name of another namespace or domain is taken for it. */
export function areCanary(destinations: readonly RouteDestination[], sides: Sides): boolean {
  return (
    destinations.length > 0 &&
    destinations.every((destination) => sideOf(destination, sides, isServiceHere) === 'canary')
  );
}

type HostTest = (host: string, service: string, namespace: string) => boolean;

function sideOf({ destination }: RouteDestination, sides: Sides, isHost: HostTest): Side {
  const { host = '', subset = '' } = destination ?? {};
  const is = (service: string): boolean => service !== '' && isHost(host, service, sides.namespace);
  if (is(sides.canaryService) || (subset !== '' && subset === sides.canarySubset)) return 'canary';
  if (is(sides.stableService) || (subset !== '' && subset === sides.stableSubset)) return 'stable';
  if (sides.extras.some(({ service }) => is(service))) return 'extra';
  return sides.leftAlone.includes(subset) ? 'left-alone' : 'unknown';
}

const firstLabelIs: HostTest = (host, service) => host.split('.', 1)[0] === service;

export const isServiceHere: HostTest = (host, service, namespace) =>
  host === service || host === `${service}.${namespace}` || host.startsWith(`${service}.${namespace}.svc`);

/** Name of the extra destination that a host stands for. */
export function extraOf(destination: RouteDestination, sides: Sides): ExtraDestination | undefined {
  const host = destination.destination?.host ?? '';
  return (
    sides.extras.find(({ service }) => isServiceHere(host, service, sides.namespace)) ??
    sides.extras.find(({ service }) => firstLabelIs(host, service, sides.namespace))
  );
}
