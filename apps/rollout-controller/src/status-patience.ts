import type { Decision, EpochMs } from '@sluice/engine';
import { eventReasons } from '@sluice/model';

export interface StatusPatienceOptions {
  /** How long a status in which only counters changed may wait: 1 s. */
  readonly deferMs?: number;
  /** How long a status may wait for what its own scaling is about to change: 200 ms. */
  readonly lingerMs?: number;
}

/**
 * When the status of one Rollout is stored. What is left out is never lost: it is decided anew from the stored one, and a newer decision
 * often says the same and more, so that one write does for both. Actions never wait for it.
 */
export interface StatusPatience {
  /** Whether this decision's status may be left for a later one. A wait that has begun is not begun anew by decisions that come in its time. */
  defersStatus(decision: Decision, now: EpochMs): boolean;
  /** Nothing waits any more. */
  end(): void;
  /** When the status that waits has to be stored; undefined when none waits. */
  readonly until: EpochMs | undefined;
}

export function createStatusPatience({ deferMs = 1_000, lingerMs = 200 }: StatusPatienceOptions = {}): StatusPatience {
  let until: EpochMs | undefined;
  let waitsFor: 'counters' | 'scaling' | undefined;

  function wait(reason: 'counters' | 'scaling', end: EpochMs, now: EpochMs): boolean {
    if (waitsFor !== reason) until = end;
    waitsFor = reason;
    if (now < (until ?? now)) return true;
    return endWait();
  }
  function endWait(): false {
    until = undefined;
    waitsFor = undefined;
    return false;
  }

  return {
    defersStatus(decision, now) {
      if (decision.statusUrgency === 'unchanged' || isVerdict(decision)) return endWait();
      // Events are recorded with the status that they come from.
      const onlyCounters = decision.statusUrgency === 'soon' && decision.events.length === 0;
      if (onlyCounters) return wait('counters', now + deferMs, now);
      // Within milliseconds the ReplicaSet controller answers with the next step's facts.
      if (scales(decision) || waitsFor === 'scaling') return wait('scaling', now + lingerMs, now);
      return endWait();
    },
    end: () => void endWait(),
    get until() {
      return until;
    },
  };
}

/**
 * An update that was taken back for want of progress: its own scaling would look like progress to a decision that starts from the stored status, and so it would
 * never be taken back.
 */
function isVerdict({ events }: Decision): boolean {
  return events.some(({ reason }) => reason === eventReasons.rolloutAborted);
}

function scales({ actions }: Decision): boolean {
  return actions.some((action) => action.kind === 'UpdateReplicaSet' && action.change.replicas !== undefined);
}
