import type { RolloutStatus, StepPluginStatus } from '@sluice/model';
import { newRevision } from '../revision.ts';
import { isFullyPromoted, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { currentStepIndex } from '../weight.ts';
import { pluginEntries, pluginEntry } from './entries.ts';
import type { StepPluginCall, StepPluginOperation } from './intent.ts';

/**
 * The call of a step plugin that comes next, whether or not its time has come: one at a time, and what is to be ended goes before what is to
 * run. The same status always gives the same key.
 */
export function nextPluginCall(s: Situation): StepPluginCall | undefined {
  const { status } = s;
  const runs = pluginEntries(status).filter(({ operation }) => operation === 'Run');
  if (status.abort) {
    const undone = runs
      .toSorted((a, b) => b.index - a.index)
      .find((run) => hasDoneSomething(run) && !pluginEntry(status, run.index, 'Abort'));
    return undone && callOf(s, undone.index, undone.name, 'Abort');
  }
  const index = pluginStepUnderWay(s);
  const left = runs.findLast((run) => run.index !== index && run.phase === 'Running' && !isEnded(status, run.index));
  if (left) return callOf(s, left.index, left.name, 'Terminate');
  if (index === undefined || isOver(status, index)) return undefined;
  return callOf(s, index, stepsOf(s)[index]!.plugin!.name, 'Run');
}

/** Whether the plugin has done what the step asks for, or nobody wants it to any more. What has failed is never done. */
export function isPluginStepDone(s: Situation, index: number): boolean {
  const run = pluginEntry(s.status, index, 'Run');
  if (!run) return false;
  return run.disabled === true || run.phase === 'Successful' || (run.phase === 'Running' && isEnded(s.status, index));
}

/** The plugin's no to the step that is under way. */
export function failedPluginRun(s: Situation): StepPluginStatus | undefined {
  const index = pluginStepUnderWay(s);
  const run = index === undefined ? undefined : pluginEntry(s.status, index, 'Run');
  return run?.phase === 'Failed' && !run.disabled ? run : undefined;
}

/** Index of the current step where that is a plugin's and may run. */
function pluginStepUnderWay(s: Situation): number | undefined {
  const { status, roles } = s;
  if (!roles.stableSet || isFullyPromoted(status) || status.abort || status.promoteFull) return undefined;
  const index = currentStepIndex(s);
  return index !== undefined && stepsOf(s)[index]!.plugin ? index : undefined;
}

const hasDoneSomething = ({ phase, disabled }: StepPluginStatus): boolean =>
  !disabled && (phase === 'Running' || phase === 'Successful');

const isEnded = (status: RolloutStatus, index: number): boolean =>
  pluginEntry(status, index, 'Terminate') !== undefined || pluginEntry(status, index, 'Abort') !== undefined;

function isOver(status: RolloutStatus, index: number): boolean {
  const run = pluginEntry(status, index, 'Run');
  if (!run) return false;
  return run.disabled === true || run.phase === 'Successful' || run.phase === 'Failed' || isEnded(status, index);
}

function callOf(s: Situation, index: number, name: string, operation: StepPluginOperation): StepPluginCall {
  const run = pluginEntry(s.status, index, 'Run');
  const executions = pluginEntry(s.status, index, operation)?.executions ?? 0;
  const revision = newRevision(s);
  const config = stepsOf(s)[index]?.plugin?.config;
  // The start of the attempt tells a retry from what it repeats.
  const attempt = s.status.duration?.rolloutStartedAt ?? '';
  return {
    name,
    index,
    revision,
    operation,
    method: operation === 'Run' && run?.phase === 'Running' ? 'Poll' : operation,
    ...(config !== undefined && { config }),
    ...(run?.status !== undefined && { status: run.status }),
    key: [s.rollout.metadata.uid ?? '', revision, attempt, index, operation, executions + 1].join('/'),
  };
}
