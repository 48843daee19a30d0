/** The queue of BullMQ over which schedulers tell workers that there is something to measure. */
export const measurementQueue = 'sluice-measurements';

/**
 * What a job says: names, never a configuration, a value or a secret. Whoever reads it asks the scheduler for the measurements with Take; a hint that comes twice,
 * late or never changes when something is measured, and nothing else.
 */
export interface MeasurementHint {
  /** Who has them to give: the identity that the scheduler says in Attend. */
  readonly scheduler: string;
  /** `<run uid>/<metric name>/<ordinal>` of each. */
  readonly measurements: readonly string[];
}

/** Undefined for whatever is not a hint: others may write to the same Redis. */
export function readMeasurementHint(data: unknown): MeasurementHint | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { scheduler, measurements } = data as Partial<Record<keyof MeasurementHint, unknown>>;
  if (typeof scheduler !== 'string' || !Array.isArray(measurements)) return undefined;
  if (!measurements.every((one) => typeof one === 'string')) return undefined;
  return { scheduler, measurements: measurements as string[] };
}

/** The identity of a measurement: the idempotency key of everything that is said about it. Ordinal 0 stands for the metric as a whole. */
export function measurementIdOf(runUid: string, metric: string, ordinal: number): string {
  return `${runUid}/${metric}/${ordinal}`;
}

/**
 * `run.name` of measurements that are only tried: no object can bear it, so what is made for them belongs to no run (a Job whose owner is not there is collected at once).
 */
export const triedRunName = '(tried)';
