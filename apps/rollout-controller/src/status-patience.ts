import type { Decision, EpochMs } from '@sluice/engine';

export interface StatusPatienceOptions {
  /** How long a status in which only counters changed may wait: 250 ms. */
  readonly deferMs?: number;
}

/**
 * When the status of one Rollout is stored. What answers a command, and what says where the update is, is stored at once. Counters may wait: a newer decision often says the
 * same and more, so that one write does for both. A status that waits is what the next decision starts from; one that is lost is decided anew from the stored one. Actions
 * never wait for it.
 */
export interface StatusPatience {
  /**
   * Whether this decision's status may be left for a later one. A wait that has begun is not begun anew, nor made longer, by decisions that come in its time.
   *
   * @param carries the decision started from a status that waits, not from the stored one
   */
  defersStatus(decision: Decision, now: EpochMs, carries: boolean): boolean;
  /** Nothing waits any more. */
  end(): void;
  /** When the status that waits has to be stored; undefined when none waits. */
  readonly until: EpochMs | undefined;
}

export function createStatusPatience({ deferMs = 250 }: StatusPatienceOptions = {}): StatusPatience {
  let until: EpochMs | undefined;

  function endWait(): false {
    until = undefined;
    return false;
  }

  return {
    defersStatus({ statusUrgency, events }, now, carries) {
      // Events are recorded with the status that they come from.
      if (statusUrgency === 'now' || events.length > 0) return endWait();
      if (!carries && statusUrgency === 'unchanged') return endWait();
      until = Math.min(until ?? Number.POSITIVE_INFINITY, now + deferMs);
      return now < until || endWait();
    },
    end: () => void endWait(),
    get until() {
      return until;
    },
  };
}
