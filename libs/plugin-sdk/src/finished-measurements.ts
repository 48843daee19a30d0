import type { Finished } from '@sluice/contracts';

export interface FinishedMemoryOptions {
  /** A Finished is kept for so long: 1 minute, longer than any caller repeats a call. */
  readonly keepMs?: number;
  /** Characters of all that are kept, about; the oldest go first. 64 Mi. */
  readonly capacity?: number;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

export interface FinishedMeasurement {
  readonly finished: Finished;
  readonly metricMetadata: Readonly<Record<string, string>>;
}

/** What measurements answered, by their ids, for as long as a caller may repeat its call: rule M1. */
export interface FinishedMeasurements {
  get(id: string): FinishedMeasurement | undefined;
  set(id: string, measurement: FinishedMeasurement): void;
}

interface Kept {
  readonly since: number;
  readonly size: number;
  readonly measurement: FinishedMeasurement;
}

export function createFinishedMeasurements(options: FinishedMemoryOptions = {}): FinishedMeasurements {
  const { keepMs = 60_000, capacity = 64 * 2 ** 20, now = () => performance.now() } = options;
  // In the order of finishing, so that the oldest come first.
  const kept = new Map<string, Kept>();
  let total = 0;

  function forget(id: string): void {
    total -= kept.get(id)?.size ?? 0;
    kept.delete(id);
  }

  function forgetOld(): void {
    const limit = now() - keepMs;
    for (const [id, { since }] of kept) {
      if (total <= capacity && since > limit) return;
      forget(id);
    }
  }

  return {
    get(id) {
      forgetOld();
      return kept.get(id)?.measurement;
    },
    set(id, measurement) {
      forget(id);
      const { value, valueJson, message } = measurement.finished;
      const size = 500 + value.length + valueJson.length + message.length;
      kept.set(id, { since: now(), size, measurement });
      total += size;
      forgetOld();
    },
  };
}
