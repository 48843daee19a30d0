import { formatTime, parseTime, revisionAnnotation } from '@sluice/model';
import type { Rollout, RolloutStatus, StepPluginStatus } from '@sluice/model';
import { isFullyPromoted, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import type { EpochMs } from '../snapshot.ts';
import { named } from '../snapshot.ts';
import { currentStepIndex } from '../weight.ts';
import { beginning, begunOf, callKey } from './begun.ts';
import type { Begun } from './begun.ts';
import { pluginEntries } from './entries.ts';
import type { StepPluginCall } from './intent.ts';

// What a plugin has begun and nobody wants any more is ended: by Abort where the update is taken back, by Terminate in any other case. That it is
// wanted is stored before it is asked for, as an entry without a phase.

/** Somebody waits for it: a step that needs the same plugin, or the same place. */
const patienceMs = 60_000;
/** Nobody does. */
const longestPatienceMs = 3_600_000;

/** The ending is wanted, and the plugin has not answered yet. */
export const isEnding = ({ operation, phase }: StepPluginStatus): boolean => operation !== 'Run' && !phase;

export const endingsOf = (status: RolloutStatus): readonly StepPluginStatus[] => pluginEntries(status).filter(isEnding);

/** The operation may be under way: the plugin was asked for it, and has not said that it is over. */
export const isUnderWay = ({ operation, phase, disabled }: StepPluginStatus): boolean =>
  operation === 'Run' && !disabled && phase !== 'Successful' && phase !== 'Failed';

/** An operation of an update, or of an attempt at it, that is over: only its ending is left of it. */
export const isLeftOver = (status: RolloutStatus, ending: StepPluginStatus): boolean =>
  !pluginEntries(status).some(({ index, operation }) => operation === 'Run' && index === ending.index);

/** What is left of the entries when the update, or the attempt at it, is over: what is to be ended, by patience that begins anew. */
export function leftOverEndings(s: Situation): readonly StepPluginStatus[] {
  const entries = pluginEntries(s.status);
  const startedAt = formatTime(s.now);
  const wanted = endingsOf(s.status).map((ending) => ({ ...ending, startedAt }));
  const open = entries.filter((run) => isUnderWay(run) && !isEndedOrEnding(entries, run));
  return [...wanted, ...open.map((run) => endingOf(s, run, 'Terminate'))];
}

/** The entries with the endings that are wanted from now on; the same ones where there are none. */
export function withWantedEndings(s: Situation): readonly StepPluginStatus[] {
  const entries = pluginEntries(s.status);
  const runs = entries.filter(({ operation }) => operation === 'Run');
  if (s.status.abort && !isFullyPromoted(s.status)) return withAborts(s, entries, runs);
  const index = pluginStepUnderWay(s);
  const unwanted = runs.filter((run) => run.index !== index && isUnderWay(run) && !isEndedOrEnding(entries, run));
  return unwanted.length === 0 ? entries : [...entries, ...unwanted.map((run) => endingOf(s, run, 'Terminate'))];
}

/** Everything that was done is undone, the last of it first. What was only going to be ended is undone as well. */
function withAborts(
  s: Situation,
  entries: readonly StepPluginStatus[],
  runs: readonly StepPluginStatus[],
): readonly StepPluginStatus[] {
  const undone = runs.filter(
    (run) =>
      (isUnderWay(run) || (run.phase === 'Successful' && !run.disabled)) &&
      !entries.some(({ index, operation }) => operation === 'Abort' && index === run.index),
  );
  if (undone.length === 0) return entries;
  const isReplaced = (entry: StepPluginStatus): boolean =>
    isEnding(entry) && undone.some(({ index }) => index === entry.index);
  return [
    ...entries.filter((entry) => !isReplaced(entry)),
    ...undone.toSorted((a, b) => b.index - a.index).map((run) => endingOf(s, run, 'Abort')),
  ];
}

const isEndedOrEnding = (entries: readonly StepPluginStatus[], run: StepPluginStatus): boolean =>
  entries.some(({ index, operation }) => operation !== 'Run' && index === run.index);

function endingOf(s: Situation, run: StepPluginStatus, operation: 'Terminate' | 'Abort'): StepPluginStatus {
  const { index, name } = run;
  return { index, name, operation, startedAt: formatTime(s.now), status: begunOf(run, () => beginning(s, index)) };
}

/** The call that asks the plugin to end it. */
export const endingCall = (s: Situation, ending: StepPluginStatus): StepPluginCall =>
  callFor(
    s.rollout,
    ending,
    begunOf(ending, () => beginning(s, ending.index)),
  );

/** What is to be ended of a Rollout that is gone, as its last status tells it. */
export function endingsOfGone(rollout: Rollout): readonly StepPluginCall[] {
  const { status = {}, metadata } = rollout;
  const entries = pluginEntries(status);
  const guess = (): Begun => ({ revision: Number(metadata.annotations?.[revisionAnnotation]) || 0, attempt: '' });
  return entries.flatMap((entry) => {
    if (isEnding(entry)) return [callFor(rollout, entry, begunOf(entry, guess))];
    if (!isUnderWay(entry) || isEndedOrEnding(entries, entry)) return [];
    return [callFor(rollout, { ...entry, operation: 'Terminate' }, begunOf(entry, guess))];
  });
}

function callFor({ metadata }: Rollout, { index, name, operation }: StepPluginStatus, begun: Begun): StepPluginCall {
  const { revision, config, state } = begun;
  return {
    name,
    index,
    revision,
    operation,
    method: operation,
    ...(config !== undefined && { config }),
    ...(state !== undefined && { status: state }),
    key: callKey(metadata.uid, begun, { index, operation }, 1),
  };
}

/** Index of the current step where that is a plugin's and may run. */
export function pluginStepUnderWay(s: Situation): number | undefined {
  const { status, roles } = s;
  if (!roles.stableSet || isFullyPromoted(status) || status.abort || status.promoteFull) return undefined;
  const index = currentStepIndex(s);
  return index !== undefined && stepsOf(s)[index]!.plugin ? index : undefined;
}

/** The step that is under way cannot begin before this has ended: they would not be told apart. */
export function isInTheWay(s: Situation, ending: StepPluginStatus): boolean {
  const index = pluginStepUnderWay(s);
  return index !== undefined && (ending.index === index || ending.name === stepsOf(s)[index]!.plugin!.name);
}

/** When it is given up. */
export function givenUpAt(s: Situation, ending: StepPluginStatus): EpochMs {
  return (parseTime(ending.startedAt) ?? s.now) + (isInTheWay(s, ending) ? patienceMs : longestPatienceMs);
}

/** Why the plugin cannot be asked now. */
export function pluginAway({ snapshot }: Situation, name: string): string | undefined {
  if (!snapshot.capabilities.stepPlugins.includes(name)) return 'no step plugin of this name is installed';
  return named(snapshot.stepPlugins?.away ?? {}, name);
}
