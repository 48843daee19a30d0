import type { Decision, EpochMs } from '@sluice/engine';
import { eventReasons } from '@sluice/model';
import type { RolloutStatus } from '@sluice/model';

export interface StatusPatienceOptions {
  /** How long a status in which only counters changed may wait: 1 s. */
  readonly deferMs?: number;
  /** How long a status may wait for what its own scaling is about to change: 500 ms. */
  readonly lingerMs?: number;
}

export interface DecidedFrom {
  /** The status as it is stored. */
  readonly stored: RolloutStatus;
  readonly carries: boolean;
}

/**
 * When the status of one Rollout is stored. A status that waits is what the next decision starts from, so that nothing is taken back in between; one that is lost is decided
 * anew from the stored one. A newer decision often says the same and more, so that one write does for both. Actions never wait for it.
 */
export interface StatusPatience {
  /**
   * Whether this decision's status may be left for a later one. A wait that has begun is not begun anew, nor made longer, by decisions that come in its time.
   * `carries`: the decision started from a status that waits, not from the stored one.
   */
  defersStatus(decision: Decision, now: EpochMs, from: DecidedFrom): boolean;
  /** Nothing waits any more. */
  end(): void;
  /** When the status that waits has to be stored; undefined when none waits. */
  readonly until: EpochMs | undefined;
}

export function createStatusPatience({ deferMs = 1_000, lingerMs = 500 }: StatusPatienceOptions = {}): StatusPatience {
  let until: EpochMs | undefined;
  let lingers = false;

  function endWait(): false {
    until = undefined;
    lingers = false;
    return false;
  }
  function longestWaitMs(decision: Decision): number {
    // Within milliseconds the ReplicaSet controller answers with the next step's facts.
    lingers ||= scales(decision);
    if (lingers) return lingerMs;
    // Events are recorded with the status that they come from.
    return decision.statusUrgency !== 'now' && decision.events.length === 0 ? deferMs : 0;
  }

  return {
    defersStatus(decision, now, { stored, carries }) {
      if (isVerdict(decision) || begins(decision) || decision.status.stableRS !== stored.stableRS) return endWait();
      if (!carries && decision.statusUrgency === 'unchanged') return endWait();
      until = Math.min(until ?? Number.POSITIVE_INFINITY, now + longestWaitMs(decision));
      return now < until || endWait();
    },
    end: () => void endWait(),
    get until() {
      return until;
    },
  };
}

/**
 * An update that was taken back for want of progress: its own scaling would look like progress to a decision that starts from the stored status, and so it would
 * never be taken back. (A promotion does not wait either: what follows it takes pods away from what is still stored as the stable version.)
 */
function isVerdict({ events }: Decision): boolean {
  return events.some(({ reason }) => reason === eventReasons.rolloutAborted);
}

/** What was begun is seen at once: the status has to say for which step. */
function begins({ actions }: Decision): boolean {
  return actions.some(
    ({ kind }) => kind === 'EnsureAnalysisRun' || kind === 'EnsureExperiment' || kind === 'CallStepPlugin',
  );
}

function scales({ actions }: Decision): boolean {
  return actions.some((action) => action.kind === 'UpdateReplicaSet' && action.change.replicas !== undefined);
}
