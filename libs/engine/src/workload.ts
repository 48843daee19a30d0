import { eventReasons } from '@sluice/model';
import type { Rollout } from '@sluice/model';
import type { Action, EventIntent } from './decision.ts';
import { event } from './events.ts';
import type { Plan } from './plan.ts';
import type { Situation } from './situation.ts';
import { newRevision } from './revision.ts';
import type { RolloutSnapshot } from './snapshot.ts';

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

/**
 * Pods that the Deployment is to get back from a Rollout that is being deleted: as many as the Rollout asked for, where `scaleDown` took them.
 * Undefined where there is nothing to hand back. Orphaned ReplicaSets keep their pods.
 */
export function handedBack({ metadata, spec, status }: Rollout, current: number | undefined): number | undefined {
  const { kind, scaleDown } = spec.workloadRef ?? {};
  const hasTaken = kind === 'Deployment' && (scaleDown === 'onsuccess' || scaleDown === 'progressively');
  if (!hasTaken || !status?.stableRS || metadata.finalizers?.includes('orphan')) return undefined;
  const to = spec.replicas ?? 1;
  return current !== undefined && current < to ? to : undefined;
}

export const handedBackEvent = (name: string, from: number, to: number): EventIntent =>
  event(
    eventReasons.scalingDeployment,
    `Scaled up Deployment ${name} from ${from} to ${to}: the Rollout is deleted and hands its pods back`,
  );

/** Of a Rollout whose deletion waits for its dependents: the Deployment's pods start before the last of them have gone. */
export function handBackActions({ rollout, workload }: RolloutSnapshot): readonly Action[] {
  const current = workload.kind === 'found' ? workload.replicas : undefined;
  const to = handedBack(rollout, current);
  if (to === undefined) return [];
  const name = rollout.spec.workloadRef?.name ?? '';
  return [{ kind: 'ScaleDeployment', name, replicas: to, events: [handedBackEvent(name, current!, to)] }];
}
