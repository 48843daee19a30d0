import type { MeasurementOutcome } from '@sluice/engine';
import type { Outcome } from '@sluice/contracts';
import { parseTime } from '@sluice/model';
import type { Flight } from '../dispatch/flight.ts';
import { maskOf, maskedMap } from '../masking.ts';

const phases = ['Successful', 'Failed', 'Inconclusive', 'Error'] as const;
type FinishedPhase = (typeof phases)[number];

const pollPaceMs = 2_000;

/** What a worker reported, as the engine takes it: by our clock, and without secrets. */
export function measurementOutcome(
  flight: Flight,
  reported: Outcome,
  secretValues: readonly string[],
  now: number,
): MeasurementOutcome {
  const mask = maskOf(secretValues);
  const { metric, ordinal } = flight;
  const startedAt = parseTime(flight.measurement?.startedAt) ?? now - Math.max(0, reported.durationMs);
  const metadata = Object.keys(reported.metadata).length > 0 ? { metadata: maskedMap(mask, reported.metadata) } : {};
  const metricMetadata =
    Object.keys(reported.metricMetadata).length > 0 ? { metricMetadata: maskedMap(mask, reported.metricMetadata) } : {};
  const message = reported.message === '' ? {} : { message: mask(reported.message) };
  const common = { metric, ordinal, startedAt, ...message, ...metadata, ...metricMetadata };
  if (reported.phase === 'Running')
    return {
      ...common,
      kind: 'pending',
      resumeAt: now + (reported.pollAfterMs > 0 ? reported.pollAfterMs : pollPaceMs),
    };
  const value = reported.value === '' ? {} : { value: mask(reported.value) };
  const phase = phases.find((one) => one === reported.phase);
  if (phase !== undefined) return { ...common, ...value, kind: 'finished', phase, finishedAt: now };
  return failed(flight, `the worker reported phase "${reported.phase}", which there is not`, now);
}

/** A measurement that came to nothing. */
export function failed(
  { metric, ordinal }: Pick<Flight, 'metric' | 'ordinal'>,
  message: string,
  now: number,
): MeasurementOutcome {
  const phase: FinishedPhase = 'Error';
  return { kind: 'finished', metric, ordinal, phase, message, startedAt: now, finishedAt: now };
}
