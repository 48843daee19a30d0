import { eventReasons, managedByAnnotation, podTemplateHashLabel } from '@sluice/model';
import type { Service } from '@sluice/model';
import { event } from './events.ts';
import { targetOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { isUpToDate, lastingAvailable } from './sets.ts';
import type { SetView } from './sets.ts';
import { canaryOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { named } from './snapshot.ts';

/** The Service of that name, where it was observed to exist. */
export function serviceOf(s: Situation, name: string | undefined): Service | undefined {
  const observed = name ? named(s.snapshot.services, name) : undefined;
  return observed === undefined || observed === 'absent' || observed === 'unknown' ? undefined : observed;
}

/** The version that a Service points at; '' where it selects all of them. */
export const selectedHash = (service: Service): string => service.spec?.selector?.[podTemplateHashLabel] ?? '';

export function planSwitch(s: Situation, plan: Plan, service: Service, hash: string): void {
  const name = s.rollout.metadata.name;
  const owner = service.metadata.annotations?.[managedByAnnotation];
  // Invalid, and left to its manager.
  if (owner !== undefined && owner !== name) return;
  const from = selectedHash(service);
  if (from === hash && service.metadata.annotations?.[managedByAnnotation] !== undefined) return;
  const message = `Switched selector for service '${service.metadata.name}' from '${from}' to '${hash}'`;
  const events = from === hash ? [] : [event(eventReasons.switchService, message)];
  plan.service({ kind: 'SwitchService', target: targetOf(service), hash, managedBy: name, events });
}

/**
 * A Service that we do not manage yet may be serving somebody: it is taken over only by a set that is there in full. One that we manage
 * may go to any set that can answer. Source: spec-rollout §8.
 */
export function mayPointAt(service: Service, set: SetView): boolean {
  const isManaged = service.metadata.annotations?.[managedByAnnotation] !== undefined;
  if (!isUpToDate(set)) return false;
  return isManaged ? lastingAvailable(set) > 0 : set.spec > 0 && set.available >= set.spec;
}

/** Which sides this turn asks to have no pod at all. */
export interface Drains {
  readonly stable: boolean;
  readonly canary: boolean;
}

/**
 * Points the stable and the canary Service where they belong, as far as the pods there can answer. Nothing may point at a version that is about
 * to have no pods while another has them, so a Service leaves a side before its last pod does.
 */
export function planCanaryServices(s: Situation, plan: Plan, drains: Drains): void {
  const { newSet, stableSet } = s.roles;
  const canary = canaryOf(s);
  const stableService = serviceOf(s, canary?.stableService);
  if (stableService && stableSet) {
    const target = drains.stable && lastingAvailable(newSet) > 0 ? newSet : stableSet;
    pointAt(s, plan, stableService, target);
  }
  const canaryService = serviceOf(s, canary?.canaryService);
  if (canaryService && stableSet) pointAt(s, plan, canaryService, canaryTarget(s, canaryService, drains));
  else if (canaryService && !stableSet) pointAt(s, plan, canaryService, newSet);
}

function canaryTarget(s: Situation, service: Service, drains: Drains): SetView {
  const { newSet, stableSet, all } = s.roles;
  if (s.status.abort || drains.canary) return stableSet!;
  if (mayPointAt(service, newSet)) return newSet;
  const current = all.find((set) => set.hash === selectedHash(service));
  // A superseded version that loses its pods leaves its traffic to the stable one until the new one can answer.
  return current && current !== newSet ? stableSet! : newSet;
}

function pointAt(s: Situation, plan: Plan, service: Service, set: SetView): void {
  if (selectedHash(service) === set.hash || mayPointAt(service, set)) planSwitch(s, plan, service, set.hash);
}

/**
 * Whether a Service that this turn leaves where it is points at the set. Its last pod stays while another version could answer:
 * the next turn moves the Service and then lets it go.
 */
export function isStillServed(s: Situation, plan: Plan, set: SetView): boolean {
  const canary = canaryOf(s);
  return [canary?.stableService, canary?.canaryService].some((name) => {
    const service = serviceOf(s, name);
    return (
      service !== undefined &&
      selectedHash(service) === set.hash &&
      (plan.switchTo(service.metadata.name) ?? set.hash) === set.hash
    );
  });
}
