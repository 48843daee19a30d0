import { status } from '@grpc/grpc-js';
import type { Finished, MetricPollResponse, MetricStartResponse } from '@sluice/contracts';
import { createFinishedMeasurements } from './finished-measurements.ts';
import type { FinishedMemoryOptions } from './finished-measurements.ts';
import { GivenUp } from './plugin-error.ts';
import { orGivenUp } from './rollout-turns.ts';
import { shareWork } from './shared-work.ts';
import type { SharedWork, Work } from './shared-work.ts';

/** Rules M1, M6 and M7 of one provider: what is being measured, and what was, by the id of the measurement. */
export interface Measurements {
  /** The measurement of this id: the one that runs, the one that was, or a new one. A failure is not remembered. */
  start(id: string, signal: AbortSignal, begin: Work<MetricStartResponse>): Promise<MetricStartResponse>;
  /** What is known to be over is not asked for again. */
  poll(id: string, signal: AbortSignal, ask: Work<MetricPollResponse>): Promise<MetricPollResponse>;
  /** Stops what runs, waits for its end, and then `end`s what it may have begun elsewhere. */
  cancel(id: string, signal: AbortSignal, end: Work<Finished>): Promise<Finished>;
}

export interface MeasurementsOptions extends FinishedMemoryOptions {
  /** Work that goes on for so long after it was told to stop no longer keeps the next one waiting: 10 s. */
  readonly graceMs?: number;
}

interface Slot<T> {
  work?: SharedWork<T> | undefined;
}

interface Active {
  readonly start: Slot<MetricStartResponse>;
  readonly poll: Slot<MetricPollResponse>;
  readonly end: Slot<Finished>;
  /** As last heard, once it is pending. */
  pending?: MetricStartResponse | undefined;
}

interface Joining<T> {
  readonly signal: AbortSignal;
  readonly work: Work<T>;
  readonly fulfilled: (value: T) => void;
  /** The same question from the beginning. */
  readonly again: () => Promise<T>;
}

// More than that are pending where callers do not ask any more; the provider finds them again should somebody do.
const longestActive = 20_000;

export function createMeasurements(options: MeasurementsOptions = {}): Measurements {
  const { graceMs = 10_000 } = options;
  const active = new Map<string, Active>();
  const done = createFinishedMeasurements(options);

  const isIdle = ({ start, poll, end }: Active): boolean =>
    start.work === undefined && poll.work === undefined && end.work === undefined;

  function activeOf(id: string): Active {
    const entry = active.get(id) ?? { start: {}, poll: {}, end: {} };
    active.delete(id);
    active.set(id, entry);
    for (const [oldest, other] of active) {
      if (active.size <= longestActive) break;
      if (isIdle(other)) active.delete(oldest);
    }
    return entry;
  }

  function leave<T>(id: string, entry: Active, slot: Slot<T>, work: SharedWork<T>): void {
    if (slot.work === work) slot.work = undefined;
    if (isIdle(entry) && entry.pending === undefined && active.get(id) === entry) active.delete(id);
  }

  function over(id: string, finished: Finished, metricMetadata: Readonly<Record<string, string>> = {}): void {
    done.set(id, { finished, metricMetadata });
    active.delete(id);
  }

  /** The work in this slot, or a new one. One that was told to stop is waited for first: two at once would be two measurements. */
  async function joined<T>(id: string, entry: Active, slot: Slot<T>, joining: Joining<T>): Promise<T> {
    const { signal, work, fulfilled, again } = joining;
    const before = slot.work;
    if (before?.isStopped === true) {
      await orGivenUp(before.endedWithin(graceMs), signal);
      leave(id, entry, slot, before);
      return again();
    }
    if (before === undefined)
      slot.work = shareWork(work, { fulfilled, ended: () => leave(id, entry, slot, shared as SharedWork<T>) });
    const shared = slot.work;
    try {
      return await (shared as SharedWork<T>).join(signal);
    } catch (error) {
      if (error instanceof MeasurementCancelled && !signal.aborted) return again();
      throw error;
    }
  }

  function start(id: string, signal: AbortSignal, work: Work<MetricStartResponse>): Promise<MetricStartResponse> {
    const known = done.get(id);
    if (known !== undefined)
      return Promise.resolve({ outcome: finishedOutcome(known.finished), metricMetadata: { ...known.metricMetadata } });
    const entry = activeOf(id);
    if (entry.end.work !== undefined)
      return entry.end.work.join(signal).then((end) => ({ outcome: finishedOutcome(end), metricMetadata: {} }));
    if (entry.pending !== undefined) return Promise.resolve(entry.pending);
    return joined(id, entry, entry.start, {
      signal,
      work,
      fulfilled(response) {
        // What was cancelled has no value, even if one came just then: what Cancel answers counts.
        if (entry.end.work !== undefined) return;
        if (response.outcome?.$case === 'finished') over(id, response.outcome.value, response.metricMetadata);
        else entry.pending = response;
      },
      again: () => start(id, signal, work),
    });
  }

  function poll(id: string, signal: AbortSignal, work: Work<MetricPollResponse>): Promise<MetricPollResponse> {
    const known = done.get(id);
    if (known !== undefined) return Promise.resolve({ outcome: finishedOutcome(known.finished) });
    const entry = activeOf(id);
    if (entry.end.work !== undefined)
      return entry.end.work.join(signal).then((end) => ({ outcome: finishedOutcome(end) }));
    return joined(id, entry, entry.poll, {
      signal,
      work,
      fulfilled({ outcome }) {
        if (entry.end.work !== undefined) return;
        const metricMetadata = entry.pending?.metricMetadata ?? {};
        if (outcome?.$case === 'finished') over(id, outcome.value, metricMetadata);
        else entry.pending = { outcome, metricMetadata };
      },
      again: () => poll(id, signal, work),
    });
  }

  function cancel(id: string, signal: AbortSignal, work: Work<Finished>): Promise<Finished> {
    const known = done.get(id);
    if (known !== undefined) return Promise.resolve(known.finished);
    const entry = activeOf(id);
    return joined(id, entry, entry.end, {
      signal,
      async work(stopped) {
        const running = [entry.start.work, entry.poll.work].filter((each) => each !== undefined);
        for (const each of running) each.stop(new MeasurementCancelled());
        await orGivenUp(Promise.all(running.map((each) => each.endedWithin(graceMs))), stopped);
        return work(stopped);
      },
      fulfilled: (finished) => over(id, finished),
      again: () => cancel(id, signal, work),
    });
  }

  return { start, poll, cancel };
}

class MeasurementCancelled extends GivenUp {
  constructor() {
    super('Unavailable', status.CANCELLED, 'given up: the measurement was cancelled');
  }
}

const finishedOutcome = (value: Finished) => ({ $case: 'finished' as const, value });
