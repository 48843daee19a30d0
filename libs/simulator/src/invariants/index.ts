import { after, sceneOf } from '../scene.ts';
import type { Turn } from '../turn.ts';
import { blueGreenCountViolations, canaryCountViolations } from './counts.ts';
import { preconditionViolations } from './preconditions.ts';
import { servedViolations } from './served.ts';
import type { Violation } from './violation.ts';

export { limitsOf } from './limits.ts';
export type { Property, Violation } from './violation.ts';

/**
 * What was unsafe about a decision: each of its actions is judged on the world as it was observed and as the actions before have
 * changed it. So it covers a death after any of them too.
 */
export function violationsOf({ snapshot, decision }: Pick<Turn, 'snapshot' | 'decision'>): Violation[] {
  const { canary, blueGreen } = snapshot.rollout.spec.strategy ?? {};
  const isAborted = Boolean(decision.status.abort);
  const violations: Violation[] = [];
  let scene = sceneOf(snapshot);
  for (const action of decision.actions) {
    const next = after(scene, action);
    violations.push(...preconditionViolations(snapshot, action), ...servedViolations(scene, next, decision.status));
    if (canary && !canary.trafficRouting) violations.push(...canaryCountViolations(scene, next));
    if (blueGreen) violations.push(...blueGreenCountViolations(scene, next, action, isAborted));
    scene = next;
  }
  return violations;
}
