import type { Measurement } from '@sluice/model';
import type { EpochMs } from '@sluice/engine';

/** What is to be done about a measurement. */
export type FlightWork = 'start' | 'poll' | 'cancel' | 'collect';

/** What somebody wants to be done. */
export interface Wish {
  /** `<run uid>/<metric>/<ordinal>`; ordinal 0 stands for the metric as a whole. */
  readonly id: string;
  readonly uid: string;
  readonly namespace: string;
  readonly metric: string;
  readonly ordinal: number;
  readonly work: FlightWork;
  /** Provider and address: what must not hold up the measurements of others. */
  readonly target: string;
  readonly dueAt: EpochMs;
  /** From when it is taken until its answer has to be there. */
  readonly deadlineMs: number;
  /** Of a poll or a cancel: the measurement as it stands in the status. */
  readonly measurement?: Measurement | undefined;
  /** Of a collect. */
  readonly keep?: number;
}

/**
 * One wish on its way: `waiting` for its turn, `offered` as a hint in Redis, `taken` by a worker. It ends by a report, by being dropped, or when it was taken too often
 * without an answer.
 */
export interface Flight extends Wish {
  state: 'waiting' | 'offered' | 'taken' | 'over';
  /** Changes with each handing over: 0 while nobody has it. */
  ticket: number;
  worker: string;
  offers: number;
  takes: number;
  /** By the monotonic clock, in milliseconds: when it came into its state. */
  since: number;
}

export function flightOf(wish: Wish): Flight {
  return { ...wish, state: 'waiting', ticket: 0, worker: '', offers: 0, takes: 0, since: performance.now() };
}
