import type { Action } from '@sluice/engine';
import { askedFor, availableOf } from '../scene.ts';
import type { Scene } from '../scene.ts';
import { limitsOf } from './limits.ts';
import type { Violation } from './violation.ts';

/** Property 3 for one action of a basic canary: never fewer available pods than promised, never more pods than allowed, by our doing. */
export function canaryCountViolations(before: Scene, now: Scene): Violation[] {
  const { most, fewest } = limitsOf(now.rollout);
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

/**
 * Property 3 for one action of a blue-green Rollout: what serves behind the active Service never loses available pods by our doing until it
 * has fewer than asked for. An abort goes back to the stable version as it is.
 */
export function blueGreenCountViolations(before: Scene, now: Scene, action: Action, isAborted: boolean): Violation[] {
  const active = now.rollout.spec.strategy?.blueGreen?.activeService ?? '';
  const [from, to] = [before.selectors[active], now.selectors[active]];
  if (!from || !to || (isAborted && action.kind === 'SwitchService')) return [];
  const [was, is] = [availableOf(before, from), availableOf(now, to)];
  if (is >= was || is >= now.replicas) return [];
  return [
    {
      property: 'availability',
      what: `available pods behind Service ${active} go from ${was} to ${is} of ${now.replicas}`,
    },
  ];
}
