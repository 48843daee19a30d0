import { parseTime } from '@sluice/model';
import type { RolloutStatus } from '@sluice/model';
import type { Explanation } from '../decision.ts';
import { stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { endingsOf, givenUpAt, isInTheWay, pluginAway } from './endings.ts';
import { dueAt, pluginEntry } from './entries.ts';
import type { StepPluginCall } from './intent.ts';
import { nextPluginCall } from './next-call.ts';

/** What a step plugin keeps the rollout waiting for, or has yet to end. */
export function waitingForPlugin(s: Situation, status: RolloutStatus): Explanation | undefined {
  const after = { ...s, status };
  const call = nextPluginCall(after);
  if (!call) return undefined;
  const since = parseTime(pluginEntry(status, call.index, call.operation)?.startedAt);
  return {
    ...(call.operation === 'Run' ? running(after, call) : ending(after, call)),
    ...(since !== undefined && { since }),
  };
}

const goOnWithout = (s: Situation): string => `To go on without: sluice promote ${s.rollout.metadata.name}.`;

function running(s: Situation, { name, index, method }: StepPluginCall): Explanation {
  const place = `step ${index + 1} of ${stepsOf(s).length}`;
  const away = pluginAway(s, name);
  if (away !== undefined) {
    return {
      code: 'WaitingForPlugin',
      detail: `Step plugin "${name}" (${place}) does not answer ${method}: ${away}.`,
      unblock: `Bring the plugin back, or mend what it says; it is asked again by itself. ${goOnWithout(s)}`,
    };
  }
  const entry = pluginEntry(s.status, index, 'Run');
  return {
    code: 'WaitingForPlugin',
    detail: `Step plugin "${name}" (${place}) is ${entry?.phase ?? 'about to begin'}${entry?.message ? `: ${entry.message}` : ''}.`,
    unblock: `Nothing to do: it is asked again by itself. ${goOnWithout(s)}`,
    ...(entry?.phase && { until: dueAt(entry) }),
  };
}

function ending(s: Situation, { name, index, method, revision }: StepPluginCall): Explanation {
  const entry = endingsOf(s.status).find((each) => each.index === index && each.operation === method)!;
  const away = pluginAway(s, name);
  return {
    code: 'WaitingForPlugin',
    detail: `Step plugin "${name}" has not ended what step ${index + 1} of revision ${revision} began${away === undefined ? '' : `: ${away}`}.`,
    unblock: `Bring the plugin back, or mend what it says; it is asked again by itself, and given up after a while.${isInTheWay(s, entry) ? ` ${goOnWithout(s)}` : ''}`,
    until: givenUpAt(s, entry),
  };
}
