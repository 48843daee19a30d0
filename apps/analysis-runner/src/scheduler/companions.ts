import type { MeasurementOutcome } from '@sluice/engine';
import type { Flight } from '../dispatch/flight.ts';

/** What came back of a flight that is over; without an outcome it came to nothing, and is asked for again. */
export interface Answer {
  readonly flight: Flight;
  readonly outcome: MeasurementOutcome | undefined;
  readonly handle: string | undefined;
}

/**
 * Answers of one run on their way into a decision. Those to measurements that began together are decided upon together: the first bad one ends the run, and what the others were
 * about to say would be missing from it. They wait for each other for at most two seconds: a verdict waits for nobody who hangs.
 */
export interface Companions {
  /** The measurements with these ids have begun in one turn. */
  began(ids: readonly string[]): void;
  came(answer: Answer): void;
  /** Nobody waits any more; what has come is dropped. */
  stop(): void;
}

const patienceMs = 2_000;

export function createCompanions(release: (answers: readonly Answer[]) => void, longestMs = patienceMs): Companions {
  /** By id: the measurements of the same turn that are still out. */
  const out = new Map<string, Set<string>>();
  let waiting: { readonly answer: Answer; readonly others: ReadonlySet<string> | undefined }[] = [];
  let patience: NodeJS.Timeout | undefined;

  function releaseAll(): void {
    clearTimeout(patience);
    patience = undefined;
    const answers = waiting.map(({ answer }) => answer);
    waiting = [];
    release(answers);
  }

  return {
    began(ids) {
      const together = new Set(ids);
      for (const id of ids) out.set(id, together);
    },
    came(answer) {
      const { id } = answer.flight;
      const others = out.get(id);
      others?.delete(id);
      out.delete(id);
      waiting.push({ answer, others });
      if (waiting.every((one) => !one.others?.size)) releaseAll();
      else patience ??= setTimeout(releaseAll, longestMs).unref();
    },
    stop() {
      clearTimeout(patience);
      patience = undefined;
      waiting = [];
    },
  };
}
