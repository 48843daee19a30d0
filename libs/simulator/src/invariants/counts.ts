import type { Action } from '@sluice/engine';
import { askedFor, availableOf } from '../scene.ts';
import type { Scene } from '../scene.ts';
import { limitsOf } from './limits.ts';
import type { Violation } from './violation.ts';

/** Property 3 for one action of a basic canary: never fewer available pods than promised, never more pods than allowed, by our doing. */
export function canaryCountViolations(before: Scene, now: Scene, action: Action): Violation[] {
  const { most, fewest: promised } = limitsOf(now.rollout);
  const fewest = action.kind === 'EvictPod' ? restartFloor(now, promised) : promised;
  const violations: Violation[] = [];
  const [was, is] = [availableOf(before), availableOf(now)];
  if (is < was && is < fewest)
    violations.push({
      property: 'availability',
      what: `available pods go from ${was} to ${is}; at least ${fewest} must stay`,
    });
  const [asked, asks] = [askedFor(before), askedFor(now)];
  if (asks > asked && asks > most)
    violations.push({
      property: 'surge',
      what: `pods asked for go from ${asked} to ${asks}; at most ${most} are allowed`,
    });
  return violations;
}

/** A restart may always take one pod away, otherwise it could never begin. Source: spec-rollout §5.8. */
const restartFloor = ({ replicas }: Scene, promised: number): number => Math.min(promised, replicas - 1);

/**
 * Property 3 for one action of a blue-green Rollout: what serves behind the active Service never loses available pods by our doing until it
 * has fewer than asked for. An abort goes back to the stable version as it is, and a restart looks at the pods of all versions together.
 */
export function blueGreenCountViolations(before: Scene, now: Scene, action: Action, isAborted: boolean): Violation[] {
  const active = now.rollout.spec.strategy?.blueGreen?.activeService ?? '';
  const [from, to] = [before.selectors.get(active), now.selectors.get(active)];
  const isEviction = action.kind === 'EvictPod';
  if (!isEviction && (!from || !to || (isAborted && action.kind === 'SwitchService'))) return [];
  const [was, is] = isEviction
    ? [availableOf(before), availableOf(now)]
    : [availableOf(before, from), availableOf(now, to)];
  const fewest = isEviction ? restartFloor(now, limitsOf(now.rollout).fewest) : now.replicas;
  if (is >= was || is >= fewest) return [];
  const where = isEviction ? '' : ` behind Service ${active}`;
  return [
    { property: 'availability', what: `available pods${where} go from ${was} to ${is}; at least ${fewest} must stay` },
  ];
}
