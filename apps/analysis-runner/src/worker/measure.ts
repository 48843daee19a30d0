import { ErrorCode, Verdict, Work, measurementIdOf, parseMetricResult } from '@sluice/contracts';
import type { Finished, Measurement, Outcome, Task } from '@sluice/contracts';
import { answerOf, assessMeasurement } from '@sluice/engine';
import { isPluginCallError } from '@sluice/plugin-host';
import type { CallOptions, MetricClient, MetricOutcome, PluginHost } from '@sluice/plugin-host';
import { maskOf } from '../masking.ts';

export interface MeasureOptions {
  readonly plugins: Pick<PluginHost, 'metric'>;
  readonly now?: () => number;
}

/** The provider gives up by itself before the caller does: then it is the back end that hangs, and not the plugin. */
const pluginGraceMs = 2_000;

/** Does what a task says. Never throws: whatever goes wrong is an Error measurement, and no text of it shows a secret. */
export async function carryOut(task: Task, options: MeasureOptions, signal?: AbortSignal): Promise<Outcome> {
  const startedAt = performance.now();
  const outcome = await attempt(task, options, signal);
  const mask = maskOf(task.secrets);
  return {
    ...outcome,
    value: cut(outcome.value),
    message: cut(mask(outcome.message)),
    metadata: cutMap(outcome.metadata),
    metricMetadata: cutMap(outcome.metricMetadata),
    ticket: task.ticket,
    durationMs: Math.round(performance.now() - startedAt),
  };
}

const longestText = 16_384;
const mostEntries = 100;

/** What stands in a status has to be stored, again and again. */
const cut = (text: string): string => (text.length > longestText ? `${text.slice(0, longestText)}…` : text);

const cutMap = (map: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(map)
      .slice(0, mostEntries)
      .map(([key, value]) => [key, cut(value)]),
  );

const blank: Outcome = {
  ticket: 0,
  phase: 'Error',
  value: '',
  message: '',
  metadata: {},
  metricMetadata: {},
  durationMs: 0,
  pollAfterMs: 0,
  handle: '',
};

async function attempt(
  task: Task,
  { plugins, now = Date.now }: MeasureOptions,
  signal?: AbortSignal,
): Promise<Outcome> {
  const client = plugins.metric(task.provider, task.runNamespace);
  if (client === undefined)
    return { ...blank, message: `there is no metric plugin ${task.provider}: install it, or correct the name` };
  const call = { deadlineMs: task.deadlineMs + pluginGraceMs, ...(signal === undefined ? {} : { signal }) };
  try {
    return await ask(task, client, call, now);
  } catch (error) {
    if (isPluginCallError(error)) return { ...blank, message: error.message };
    return { ...blank, message: `the measurement failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function ask(task: Task, client: MetricClient, call: CallOptions, now: () => number): Promise<Outcome> {
  const measurement = measurementOf(task);
  const underWay = { measurement, handle: task.handle, metadata: task.metadata };
  switch (task.work) {
    case Work.START: {
      const { outcome, metricMetadata } = await client.start(measurement, call);
      return { ...judged(task, outcome, now), metricMetadata: { ...metricMetadata } };
    }
    case Work.POLL:
      return judged(task, await client.poll(underWay, call), now);
    case Work.CANCEL:
      await client.cancel(underWay, call);
      return { ...blank, phase: 'Inconclusive' };
    case Work.COLLECT: {
      const { runNamespace: namespace, runName: name, runUid: uid, metric, configJson, keep } = task;
      await client.collect({ run: { namespace, name, uid }, metricName: metric, configJson, keep }, call);
      return { ...blank, phase: 'Successful' };
    }
    default:
      return { ...blank, message: `this worker cannot do ${task.work}: it is older than the scheduler` };
  }
}

export function measurementOf(task: Task): Measurement {
  const {
    runNamespace: namespace,
    runName: name,
    runUid: uid,
    metric,
    ordinal,
    configJson,
    metricJson,
    secrets,
  } = task;
  return {
    id: measurementIdOf(uid, metric, ordinal),
    run: { namespace, name, uid },
    metricName: metric,
    ordinal,
    configJson,
    metricJson,
    secretValues: secrets,
  };
}

function judged(task: Task, outcome: MetricOutcome, now: () => number): Outcome {
  if (outcome.$case === 'pending') {
    const { handle, pollAfterMs, message, metadata } = outcome.value;
    return { ...blank, phase: 'Running', handle, pollAfterMs, message, metadata };
  }
  const { value, message, metadata } = outcome.value;
  const verdict = verdictOf(task, outcome.value, now);
  // A value that the conditions could not judge is shown: it tells the author what to change in them.
  return { ...blank, phase: verdict.phase, value, message: verdict.message ?? message, metadata };
}

const verdicts: Readonly<Record<string, Outcome['phase']>> = {
  [Verdict.SUCCESSFUL]: 'Successful',
  [Verdict.FAILED]: 'Failed',
  [Verdict.INCONCLUSIVE]: 'Inconclusive',
};

interface Judgement {
  readonly phase: string;
  readonly message?: string | undefined;
}

/** A provider that has decided is believed; a value is judged by the conditions; anything else is an error. */
function verdictOf(task: Task, finished: Finished, now: () => number): Judgement {
  if (finished.errorCode !== ErrorCode.UNSPECIFIED)
    return { phase: 'Error', message: finished.message || `the provider answered with error ${finished.errorCode}` };
  if (finished.verdict !== Verdict.UNSPECIFIED) {
    const phase = verdicts[finished.verdict];
    return phase === undefined
      ? { phase: 'Error', message: `the provider answered with verdict ${finished.verdict}` }
      : { phase };
  }
  let result: unknown;
  try {
    result = parseMetricResult(finished.valueJson);
  } catch {
    return { phase: 'Error', message: 'the provider answered with a value that is not JSON' };
  }
  const { successCondition, failureCondition } = task;
  return assessMeasurement(
    { ...(successCondition && { successCondition }), ...(failureCondition && { failureCondition }) },
    answerOf(task.provider, result, now()),
  );
}
