import type { EpochMs, ExperimentDecision } from '@sluice/engine';

/**
 * When the status of one Experiment is stored. Counters may wait, and so may that a run has begun: a newer decision often says the same and more, so
 * that one write does for both. What is left out is decided anew from the stored status. Actions never wait for it.
 */
export interface StatusPatience {
  /** Whether this decision's status may be left for a later one. A wait that has begun is not begun anew by decisions that come in its time. */
  defersStatus(decision: Pick<ExperimentDecision, 'statusUrgency'>, now: EpochMs): boolean;
  /** When the status that waits has to be stored; undefined when none waits. */
  readonly until: EpochMs | undefined;
}

/** `deferMs`: 500 ms. */
export function createStatusPatience(deferMs = 500): StatusPatience {
  let until: EpochMs | undefined;
  return {
    defersStatus({ statusUrgency }, now) {
      if (statusUrgency !== 'soon') {
        until = undefined;
        return false;
      }
      until ??= now + deferMs;
      if (now < until) return true;
      until = undefined;
      return false;
    },
    get until() {
      return until;
    },
  };
}
