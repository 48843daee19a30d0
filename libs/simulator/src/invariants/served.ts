import type { RolloutStatus } from '@sluice/model';
import { availableOf } from '../scene.ts';
import type { Scene } from '../scene.ts';
import type { Violation } from './violation.ts';

/** The Services that people's traffic may use; a preview follows the preview, whatever its state. */
function liveServices({ rollout }: Scene): string[] {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  return [canary?.stableService, canary?.canaryService, blueGreen?.activeService].filter((name): name is string =>
    Boolean(name),
  );
}

/**
 * Property 1, for one action: no Service ends up, by this action, at a version without available pods while another one that may
 * serve (the stable or the desired one, and not what is left of interrupted updates) has them. Where zero pods were asked for, there is nothing to serve.
 */
export function servedViolations(before: Scene, now: Scene, { stableRS, currentPodHash }: RolloutStatus): Violation[] {
  const couldServe = availableOf(now, stableRS ?? '') + availableOf(now, currentPodHash ?? '') > 0;
  if (now.replicas === 0 || !couldServe) return [];
  const violations: Violation[] = [];
  for (const service of liveServices(now)) {
    const hash = now.selectors.get(service);
    if (!hash || availableOf(now, hash) > 0) continue;
    const wasAt = before.selectors.get(service);
    if (wasAt !== hash)
      violations.push({
        property: 'served',
        what: `Service ${service} is switched to ${hash}, which has no available pod`,
      });
    else if (availableOf(before, hash) > 0)
      violations.push({
        property: 'served',
        what: `the last available pods of ${hash} are taken away while Service ${service} selects it`,
      });
  }
  return violations;
}
