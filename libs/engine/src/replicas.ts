import { desiredReplicasAnnotation } from '@sluice/model';
import { scaled } from './events.ts';
import type { Plan } from './plan.ts';
import { revisionOf } from './revision.ts';
import type { SetView } from './sets.ts';
import type { Situation } from './situation.ts';

/**
 * Asks for this many pods. Each scaling writes down what the Rollout asked for, and a set with pods that was scaled for another
 * number is brought up to date even when its own share stays the same.
 */
export function planReplicas(s: Situation, plan: Plan, set: SetView, to: number): void {
  const resized = to !== set.spec || set.stored === undefined;
  if (!resized && (set.spec === 0 || set.desired === s.replicas)) return;
  const annotations = set.desired === s.replicas ? undefined : { [desiredReplicasAnnotation]: String(s.replicas) };
  const change = resized ? { replicas: to, ...(annotations && { annotations }) } : { annotations };
  plan.change(set, change, ...(to === set.spec ? [] : [scaled(set, revisionOf(s, set), to)]));
}
