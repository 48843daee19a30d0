// The conditions of a pod that the node answers for.
import { conditionOf } from '../base/pod.ts';
import type { Condition, ContainerStatus, Pod, PodStatus } from '../base/pod.ts';
import { timestamp } from '../base/time.ts';

type Finding = Pick<Condition, 'status' | 'reason' | 'message'>;

/** Sets one condition and leaves the others, also those of readiness gates, as they are. */
export function setCondition(status: PodStatus, type: string, finding: Finding, nowMs: number): void {
  const known = conditionOf(status.conditions, type);
  const lastTransitionTime = known?.status === finding.status ? known.lastTransitionTime : timestamp(nowMs);
  const condition: Condition = { type, lastProbeTime: null, lastTransitionTime, ...finding };
  status.conditions = known
    ? status.conditions!.map((c) => (c.type === type ? condition : c))
    : [...(status.conditions ?? []), condition];
}

export interface Findings {
  readonly Initialized: Finding;
  readonly Ready: Finding;
  readonly ContainersReady: Finding;
  readonly PodScheduled: Finding;
}

const yes: Finding = { status: 'True' };

export function findings(pod: Pod, phase: PodStatus['phase'], containers: readonly ContainerStatus[]): Findings {
  const finished = phase === 'Succeeded' || phase === 'Failed';
  const unready = containers.filter((c) => !c.ready).map((c) => c.name);
  const containersReady: Finding = finished
    ? { status: 'False', reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : unready.length
      ? {
          status: 'False',
          reason: 'ContainersNotReady',
          message: `containers with unready status: [${unready.join(' ')}]`,
        }
      : yes;
  return {
    Initialized: phase === 'Succeeded' ? { status: 'True', reason: 'PodCompleted' } : yes,
    Ready: containersReady.status === 'True' ? gates(pod) : containersReady,
    ContainersReady: containersReady,
    PodScheduled: yes,
  };
}

function gates(pod: Pod): Finding {
  const shut = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = conditionOf(pod.status?.conditions, conditionType);
    if (!condition) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return condition.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  return shut.length ? { status: 'False', reason: 'ReadinessGatesNotReady', message: shut.join(', ') } : yes;
}
