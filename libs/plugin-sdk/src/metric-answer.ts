import { ErrorCode, Finished, Verdict, formatMetricResult } from '@sluice/contracts';
import type { MaskSecrets, MetricPollResponse, MetricStartResponse, PluginErrorCode } from '@sluice/contracts';
import type { MetricAnswer } from './metric.ts';
import { PluginError } from './plugin-error.ts';

type Outcome = NonNullable<MetricPollResponse['outcome']>;

const verdicts = {
  Successful: Verdict.SUCCESSFUL,
  Failed: Verdict.FAILED,
  Inconclusive: Verdict.INCONCLUSIVE,
} as const;

const errorCodes: Readonly<Record<PluginErrorCode, ErrorCode>> = {
  Invalid: ErrorCode.INVALID,
  NotFound: ErrorCode.NOT_FOUND,
  Conflict: ErrorCode.CONFLICT,
  Throttled: ErrorCode.THROTTLED,
  Unavailable: ErrorCode.UNAVAILABLE,
  Unimplemented: ErrorCode.UNIMPLEMENTED,
  Internal: ErrorCode.INTERNAL,
};

const longestResult = 2 ** 20;
// What people see is kept in the status of a run, ten times for each metric, and an object has to stay far below 1 MiB.
const longestShown = 16_384;

/** Rules M2 and M5: what an author's function answered, as it travels. */
export function outcomeOf(answer: MetricAnswer, mask: MaskSecrets): Outcome {
  const { message = '' } = answer;
  const said = { message: shown(message, mask), metadata: maskedTexts(answer.metadata, mask) };
  if ('pending' in answer) {
    const { handle = '', pollAfterMs = 0 } = answer.pending;
    return {
      $case: 'pending',
      value: { ...said, handle: mask(handle), pollAfterMs: Math.max(0, Math.ceil(pollAfterMs)) },
    };
  }
  if ('error' in answer) return finished({ ...said, errorCode: errorCodes[answer.error] });
  if ('verdict' in answer)
    return finished({ ...said, verdict: verdicts[answer.verdict], value: shown(answer.value ?? '', mask) });
  const valueJson = formatMetricResult(answer.result);
  if (valueJson.length > longestResult)
    throw new PluginError(
      'Invalid',
      `the result is ${Math.ceil(valueJson.length / 1024)} KiB of JSON, and at most 1 MiB is judged: ask for less`,
    );
  return finished({ ...said, valueJson, value: shown(answer.value ?? valueJson, mask) });
}

export function startResponseOf(answer: MetricAnswer, mask: MaskSecrets): MetricStartResponse {
  return { outcome: outcomeOf(answer, mask), metricMetadata: maskedTexts(answer.metricMetadata, mask) };
}

/** Rule M4: an error of the measurement is an answer. */
export function errorOutcome(error: PluginError, mask: MaskSecrets): Outcome & { readonly $case: 'finished' } {
  return finished({ errorCode: errorCodes[error.code], message: shown(error.message, mask) });
}

function finished(value: Partial<Finished>): Outcome & { readonly $case: 'finished' } {
  return { $case: 'finished', value: Finished.fromPartial(value) };
}

/** Masked first: a secret that is cut in two would be no secret value any more. */
function shown(text: string, mask: MaskSecrets): string {
  const masked = mask(text);
  return masked.length <= longestShown ? masked : `${masked.slice(0, longestShown).toWellFormed()}…`;
}

function maskedTexts(texts: Readonly<Record<string, string>> = {}, mask: MaskSecrets): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, shown(text, mask)]));
}
