import { randomUUID } from 'node:crypto';
import { ErrorCode, Finished, Measurement, MetricProviderService, Verdict } from '@sluice/contracts';
import type { MetricPollResponse, Pending, RunRef } from '@sluice/contracts';
import type { MetricConfig, MetricWorld } from '../metric-world.ts';
import { must } from '../rule.ts';
import type { MetricContext } from '../rule.ts';
import type { Subject } from '../subject.ts';
import { until } from './until.ts';

const { start, poll, cancel } = MetricProviderService;
type Outcome = MetricPollResponse['outcome'];

export async function newRun(world: MetricWorld): Promise<RunRef> {
  const uid = randomUUID();
  return (await world.newRun?.()) ?? { namespace: 'conformance', name: `conformance-${uid}`, uid };
}

// The same run may be given each time: ordinals never come again.
let lastOrdinal = 0;

export function measurementFor(
  run: RunRef,
  config: MetricConfig | undefined,
  secrets: readonly string[] = [],
): Measurement {
  lastOrdinal += 1;
  return Measurement.fromPartial({
    id: `${run.uid}/conformance/${lastOrdinal}`,
    run,
    metricName: 'conformance',
    ordinal: lastOrdinal,
    configJson: JSON.stringify(config ?? {}),
    secretValues: [...secrets],
  });
}

/** A new measurement, of a run of its own. */
export async function measurementOf({ world }: MetricContext, config: MetricConfig | undefined): Promise<Measurement> {
  return measurementFor(await newRun(world), config);
}

export const startOf = (subject: Subject, measurement: Measurement, deadlineMs?: number) =>
  subject.ask(start, { measurement }, deadlineMs);

export const pollOf = (subject: Subject, measurement: Measurement, pending?: Pending) =>
  subject.ask(poll, { measurement, handle: pending?.handle ?? '', metadata: pending?.metadata ?? {} });

export async function cancelOf(subject: Subject, measurement: Measurement, pending?: Pending): Promise<Finished> {
  const request = { measurement, handle: pending?.handle ?? '', metadata: pending?.metadata ?? {} };
  const { finished } = await subject.ask(cancel, request);
  must(finished !== undefined, 'Cancel answered without saying how the measurement ended');
  return finished;
}

export function mustBeFinished(outcome: Outcome, what: string): Finished {
  must(outcome !== undefined, `${what} has no outcome`);
  must(outcome.$case === 'finished', `${what} is still pending`);
  return outcome.value;
}

export function mustBePending(outcome: Outcome, what: string): Pending {
  must(outcome !== undefined, `${what} has no outcome`);
  must(outcome.$case === 'pending', `${what} has finished at once`);
  return outcome.value;
}

/** How a pending measurement ends by itself. */
export async function endOf(subject: Subject, measurement: Measurement, begun: Pending): Promise<Finished> {
  let pending = begun;
  let finished: Finished | undefined;
  await until(
    async () => {
      const { outcome } = await pollOf(subject, measurement, pending);
      if (outcome?.$case === 'finished') finished = outcome.value;
      else pending = mustBePending(outcome, 'the answer of Poll');
      return finished !== undefined;
    },
    'the measurement that should end by itself is still pending',
    60_000,
  );
  return finished ?? Finished.create();
}

export const hasError = ({ errorCode }: Finished): boolean => errorCode !== ErrorCode.UNSPECIFIED;
export const hasValue = ({ value, valueJson }: Finished): boolean => value !== '' || valueJson !== '';
export const hasVerdict = ({ verdict }: Finished): boolean => verdict !== Verdict.UNSPECIFIED;
