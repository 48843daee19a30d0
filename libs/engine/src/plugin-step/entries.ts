import { durationMs, formatDuration, formatTime, parseTime } from '@sluice/model';
import type { RolloutStatus, StepPluginStatus } from '@sluice/model';
import { deepEqual } from '../same-status.ts';
import type { EpochMs } from '../snapshot.ts';
import { begunOf } from './begun.ts';
import type { Begun } from './begun.ts';
import type { StepPluginAnswer, StepPluginCall, StepPluginOperation, StepPluginPhase } from './intent.ts';

const backoffMs = 30_000;
const shortestBackoffMs = 10_000;

const noEntries: readonly StepPluginStatus[] = Object.freeze([]);

export const pluginEntries = (status: RolloutStatus): readonly StepPluginStatus[] =>
  status.canary?.stepPluginStatuses ?? noEntries;

export const pluginEntry = (
  status: RolloutStatus,
  index: number,
  operation: StepPluginOperation,
): StepPluginStatus | undefined =>
  pluginEntries(status).find((entry) => entry.index === index && entry.operation === operation);

/** The status with this entry in the place of the one for the same step and operation. */
export function withPluginEntry(status: RolloutStatus, entry: StepPluginStatus): RolloutStatus {
  const isOther = ({ index, operation }: StepPluginStatus): boolean =>
    index !== entry.index || operation !== entry.operation;
  const entries = pluginEntries(status);
  const isNew = entries.every(isOther);
  const next = isNew ? [...entries, entry] : entries.map((each) => (isOther(each) ? each : entry));
  return { ...status, canary: { ...status.canary, stepPluginStatuses: next } };
}

export function withPluginEntries(status: RolloutStatus, entries: readonly StepPluginStatus[]): RolloutStatus {
  const { stepPluginStatuses: _before, ...canary } = status.canary ?? {};
  return { ...status, canary: { ...canary, ...(entries.length > 0 && { stepPluginStatuses: [...entries] }) } };
}

export const withoutPluginEntry = (status: RolloutStatus, { index, operation }: StepPluginStatus): RolloutStatus =>
  withPluginEntries(
    status,
    pluginEntries(status).filter((entry) => entry.index !== index || entry.operation !== operation),
  );

/**
 * Whether the status that is stored says all that the decided one says of step plugins. Only then is a plugin called: what it is asked to begin is ended whatever
 * happens next, because whoever comes next can read of it.
 */
export const tellsOfPlugins = (stored: RolloutStatus, decided: RolloutStatus): boolean =>
  deepEqual(pluginEntries(stored), pluginEntries(decided));

/** When a step that is not done may be asked again. */
export function dueAt(entry: StepPluginStatus): EpochMs {
  return (parseTime(entry.updatedAt) ?? 0) + (durationMs(entry.backoff ?? '') ?? backoffMs);
}

/** What is recorded of an answer. Source: spec-traffic §8. */
export function recordedAnswer(
  call: StepPluginCall,
  before: StepPluginStatus | undefined,
  answer: StepPluginAnswer,
): StepPluginStatus {
  const { index, name, operation } = call;
  const phase = phaseOf(operation, before, answer);
  const time = formatTime(answer.at);
  const isOver = operation !== 'Run' || phase === 'Successful' || phase === 'Failed';
  const status = operation === 'Run' ? begunAnd(call, before, phase, answer) : answer.status;
  const { pollAfterMs = 0 } = answer;
  const wait = phase === 'Running' && pollAfterMs >= shortestBackoffMs ? pollAfterMs : backoffMs;
  return {
    index,
    name,
    operation,
    phase,
    ...(answer.message && { message: answer.message }),
    startedAt: before?.startedAt ?? time,
    updatedAt: time,
    ...(isOver ? { finishedAt: time } : { backoff: formatDuration(wait) }),
    executions: (before?.executions ?? 0) + 1,
    ...(status !== undefined && { status }),
  };
}

/** What a plugin says while something goes wrong is not what it wants to be told again. */
function begunAnd(
  { revision, config, status }: StepPluginCall,
  before: StepPluginStatus | undefined,
  phase: StepPluginPhase,
  answer: StepPluginAnswer,
): Begun {
  const unknown: Begun = { revision, attempt: '', ...(config !== undefined && { config }) };
  const { state: _before, ...begun } = before ? begunOf(before, () => unknown) : unknown;
  const state = phase === 'Error' ? status : answer.status;
  return { ...begun, ...(state !== undefined && { state }) };
}

function phaseOf(
  operation: StepPluginOperation,
  before: StepPluginStatus | undefined,
  { phase }: StepPluginAnswer,
): StepPluginPhase {
  return operation === 'Run' ? (phase ?? before?.phase ?? 'Running') : endedPhase(phase);
}

/** Whoever ends a step has ended it when he answers: anything else is a failure. */
export const endedPhase = (answered: StepPluginPhase | undefined): StepPluginPhase =>
  answered === undefined || answered === 'Running' ? 'Failed' : answered;
