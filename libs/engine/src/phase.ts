import { conditionReasons, conditionTypes } from '@sluice/model';
import type { RolloutPhase, RolloutStatus } from '@sluice/model';
import { conditionsOf, findCondition } from './conditions.ts';
import { holdingRefusal, refusalText } from './refusals.ts';
import { isUnfinished } from './restart.ts';
import { blueGreenOf, canaryOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { TurnResult } from './turn.ts';

export interface PhaseAndMessage {
  readonly phase: RolloutPhase;
  readonly message: string;
}

/** The first that fits is what people see. The texts are read by tools. Source: spec-rollout §2.4. */
export function phaseOf(s: Situation, status: RolloutStatus, blocked?: TurnResult['blockedBy']): PhaseAndMessage {
  const held = degraded(status) ?? refused(s) ?? pausedPhase(s, status);
  if (held) return held;
  const pending = podsPending(s, status) ?? cutoverPending(s, status);
  if (!pending) return { phase: 'Healthy', message: '' };
  return blocked ? progressingWith(`waiting for ${blocked.what}: ${blocked.reason}`) : pending;
}

const progressingWith = (message: string): PhaseAndMessage => ({ phase: 'Progressing', message });

function degraded(status: RolloutStatus): PhaseAndMessage | undefined {
  const conditions = conditionsOf(status);
  const invalid =
    findCondition(conditions, conditionTypes.invalidSpec) ?? findCondition(conditions, conditionTypes.notInstalled);
  if (invalid) return { phase: 'Degraded', message: `${invalid.reason}: ${invalid.message}` };
  const stuck = conditions.find(
    ({ reason }) =>
      reason === conditionReasons.aborted ||
      reason === conditionReasons.progressDeadlineExceeded ||
      reason === conditionReasons.stableMissing,
  );
  return stuck && { phase: 'Degraded', message: `${stuck.reason}: ${stuck.message}` };
}

function refused({ snapshot }: Situation): PhaseAndMessage | undefined {
  const refusal = holdingRefusal(snapshot);
  return refusal && { phase: 'Degraded', message: `${conditionReasons.writeRefused}: ${refusalText(refusal)}` };
}

function pausedPhase(s: Situation, status: RolloutStatus): PhaseAndMessage | undefined {
  if (s.spec.paused) return { phase: 'Paused', message: 'manually paused' };
  const pause = status.pauseConditions?.[0];
  return pause && { phase: 'Paused', message: pause.reason };
}

function podsPending(s: Situation, status: RolloutStatus): PhaseAndMessage | undefined {
  if (isUnfinished(s.spec.restartAt, status.restartedAt)) return progressingWith('rollout is restarting');
  const updated = status.updatedReplicas ?? 0;
  if (updated < s.replicas) return progressingWith('more replicas need to be updated');
  if ((status.availableReplicas ?? 0) < updated)
    return progressingWith('updated replicas are still becoming available');
  return undefined;
}

function cutoverPending(s: Situation, status: RolloutStatus): PhaseAndMessage | undefined {
  const isPromoted = !!status.stableRS && status.stableRS === status.currentPodHash;
  const blueGreen = blueGreenOf(s);
  if (!blueGreen) {
    // Behind a router, old pods that wait for their delay get no traffic: they are nobody's concern.
    const isSplitByPods = !canaryOf(s)?.trafficRouting;
    if (isSplitByPods && (status.replicas ?? 0) > (status.updatedReplicas ?? 0))
      return progressingWith('old replicas are pending termination');
    return isPromoted ? undefined : progressingWith('waiting for all steps to complete');
  }
  const active = status.blueGreen?.activeSelector;
  if (!active || active !== status.currentPodHash) return progressingWith('active service cutover pending');
  if (isPromoted) return undefined;
  return progressingWith(
    blueGreen.postPromotionAnalysis
      ? 'waiting for analysis to complete'
      : 'waiting for post-promotion verification to complete',
  );
}
