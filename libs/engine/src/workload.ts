import { eventReasons } from '@sluice/model';
import type { EventIntent } from './decision.ts';
import { event } from './events.ts';
import type { Plan } from './plan.ts';
import type { Situation } from './situation.ts';
import { newRevision } from './revision.ts';

/**
 * During the first update that takes over from a Deployment, that Deployment is scaled down: at the end (`onsuccess`), or as fast as pods of
 * ours become ready (`progressively`). Source: spec-rollout §5.9.
 */
export function planWorkloadScaleDown(s: Situation, plan: Plan): void {
  const { workload } = s.snapshot;
  const reference = s.spec.workloadRef;
  if (!reference || reference.kind !== 'Deployment' || workload.kind !== 'found' || workload.replicas === undefined)
    return;
  if (newRevision(s) > 1) return;
  const to = wantedReplicas(s, workload.replicas);
  if (to !== undefined && to !== workload.replicas)
    plan.later({
      kind: 'ScaleDeployment',
      name: reference.name ?? '',
      replicas: to,
      events: [scaledDeployment(s, workload.replicas, to)],
    });
}

function scaledDeployment(s: Situation, from: number, to: number): EventIntent {
  const { name, scaleDown } = s.spec.workloadRef!;
  const message = `Scaled ${to > from ? 'up' : 'down'} Deployment ${name} from ${from} to ${to} (workloadRef.scaleDown: ${scaleDown})`;
  return event(eventReasons.scalingDeployment, message);
}

function wantedReplicas(s: Situation, current: number): number | undefined {
  const isHealthy = s.status.phase === 'Healthy';
  switch (s.spec.workloadRef?.scaleDown) {
    case 'onsuccess':
      return isHealthy ? 0 : undefined;
    case 'progressively': {
      if (isHealthy) return 0;
      const ready = s.status.readyReplicas ?? 0;
      // Never more than there are: this only ever takes pods away, unless our own pods were lost.
      return ready > 0 || current < s.replicas ? Math.max(0, s.replicas - ready) : undefined;
    }
    default:
      return undefined;
  }
}
