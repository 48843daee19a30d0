import type { Action, Decision, RolloutSnapshot, TrafficIntent } from '@sluice/engine';
import { after, sceneOf } from '../scene.ts';
import type { Source } from '../scene.ts';
import type { Turn } from '../turn.ts';
import { blueGreenCountViolations, canaryCountViolations } from './counts.ts';
import { evidenceViolations } from './evidence.ts';
import { experimentViolations } from './experiment-evidence.ts';
import { preconditionViolations } from './preconditions.ts';
import { routedViolations } from './routed.ts';
import { servedViolations } from './served.ts';
import type { Violation } from './violation.ts';

export { limitsOf } from './limits.ts';
export type { Property, Violation } from './violation.ts';

/**
 * What was unsafe about a decision: each of its actions is judged on the world as it was observed and as the actions before have
 * changed it. So it covers a death after any of them too. Where the snapshot has pods, their sets' counts may be older or newer than they are: unsafe is
 * what neither of the two justifies.
 */
export function violationsOf({
  snapshot,
  decision,
  routes = [],
}: Pick<Turn, 'snapshot' | 'decision' | 'routes'>): Violation[] {
  const blind = [...evidenceViolations(snapshot, decision), ...experimentViolations(snapshot, decision)];
  if (blind.length > 0) return blind;
  const byCounts = judge(snapshot, decision, routes, 'counts');
  if (byCounts.length === 0 || snapshot.pods === undefined) return byCounts.map(({ violation }) => violation);
  const byPods = judge(snapshot, decision, routes, 'pods');
  const isJustified = ({ action, violation }: Judged): boolean =>
    !byPods.some((other) => other.action === action && other.violation.property === violation.property);
  return byCounts.filter((judged) => !isJustified(judged)).map(({ violation }) => violation);
}

interface Judged {
  readonly action: Action;
  readonly violation: Violation;
}

function judge(
  snapshot: RolloutSnapshot,
  { actions, status }: Decision,
  routes: readonly (TrafficIntent | undefined)[],
  source: Source,
): Judged[] {
  const { canary, blueGreen } = snapshot.rollout.spec.strategy ?? {};
  const judged: Judged[] = [];
  let scene = sceneOf(snapshot, source);
  for (const action of actions) {
    const next = after(scene, action);
    const violations = [...preconditionViolations(snapshot, action)];
    // Where a router splits the traffic, its routes say which Service is used.
    if (canary?.trafficRouting) violations.push(...routedViolations(scene, next, action, routes, status));
    else violations.push(...servedViolations(scene, next, status));
    if (canary && !canary.trafficRouting) violations.push(...canaryCountViolations(scene, next, action));
    if (blueGreen) violations.push(...blueGreenCountViolations(scene, next, action, Boolean(status.abort)));
    judged.push(...violations.map((violation) => ({ action, violation })));
    scene = next;
  }
  return judged;
}
