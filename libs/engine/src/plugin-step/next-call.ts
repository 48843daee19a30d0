import type { RolloutStatus, StepPluginStatus } from '@sluice/model';
import { stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { beginning, begunOf, callKey } from './begun.ts';
import { endingCall, endingsOf, isInTheWay, isUnderWay, pluginAway, pluginStepUnderWay } from './endings.ts';
import { pluginEntry } from './entries.ts';
import type { StepPluginCall } from './intent.ts';

/**
 * The call of a step plugin that comes next, whether or not its time has come: one at a time. What is to be ended goes before what is to run, but a plugin that is
 * away does not keep those of others waiting. The same status always gives the same key.
 */
export function nextPluginCall(s: Situation): StepPluginCall | undefined {
  const endings = endingsOf(s.status);
  const ending = endings.find(({ name }) => pluginAway(s, name) === undefined);
  if (ending) return endingCall(s, ending);
  const run = endings.some((each) => isInTheWay(s, each)) ? undefined : runCall(s);
  return run ?? (endings[0] && endingCall(s, endings.find((each) => isInTheWay(s, each)) ?? endings[0]));
}

/** Whether the plugin has done what the step asks for, or nobody wants it to any more. What has failed is never done. */
export function isPluginStepDone(s: Situation, index: number): boolean {
  const run = pluginEntry(s.status, index, 'Run');
  if (!run) return false;
  return run.disabled === true || run.phase === 'Successful' || (isUnderWay(run) && isEnded(s.status, index));
}

/** The plugin's no to the step that is under way. */
export function failedPluginRun(s: Situation): StepPluginStatus | undefined {
  const index = pluginStepUnderWay(s);
  const run = index === undefined ? undefined : pluginEntry(s.status, index, 'Run');
  return run?.phase === 'Failed' && !run.disabled ? run : undefined;
}

const isEnded = (status: RolloutStatus, index: number): boolean =>
  pluginEntry(status, index, 'Terminate') !== undefined || pluginEntry(status, index, 'Abort') !== undefined;

function runCall(s: Situation): StepPluginCall | undefined {
  const index = pluginStepUnderWay(s);
  if (index === undefined) return undefined;
  const run = pluginEntry(s.status, index, 'Run');
  if (run && (!isUnderWay(run) || isEnded(s.status, index))) return undefined;
  const { name } = stepsOf(s)[index]!.plugin!;
  const begun = run ? begunOf(run, () => beginning(s, index)) : beginning(s, index);
  const { revision, config, state } = begun;
  return {
    name,
    index,
    revision,
    operation: 'Run',
    method: run?.phase === 'Running' ? 'Poll' : 'Run',
    ...(config !== undefined && { config }),
    ...(state !== undefined && { status: state }),
    key: callKey(s.rollout.metadata.uid, begun, { index, operation: 'Run' }, (run?.executions ?? 0) + 1),
  };
}
