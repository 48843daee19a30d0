import type { RolloutStatus } from '@sluice/model';
import type { Explanation } from '../decision.ts';
import { canaryOf, isFullyPromoted, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { parseTime } from '@sluice/model';
import { dueAt, pluginEntry } from './entries.ts';
import { nextPluginCall } from './next-call.ts';
import { pluginAway } from './turn.ts';

/** What a step plugin keeps the rollout waiting for. */
export function waitingForPlugin(s: Situation, status: RolloutStatus): Explanation | undefined {
  if (!canaryOf(s) || isFullyPromoted(status)) return undefined;
  const after = { ...s, status };
  const call = nextPluginCall(after);
  if (!call || call.operation === 'Abort') return undefined;
  const place = `step ${call.index + 1} of ${stepsOf(s).length}`;
  const promote = `sluice promote ${s.rollout.metadata.name}`;
  const away = pluginAway(after, call);
  if (away !== undefined) {
    return {
      code: 'WaitingForPlugin',
      detail: `Step plugin "${call.name}" (${place}) does not answer ${call.method}: ${away}`,
      unblock: `Bring the plugin back, or mend what it says; it is asked again by itself. To go on without: ${promote}.`,
    };
  }
  if (call.operation !== 'Run') return undefined;
  const entry = pluginEntry(status, call.index, 'Run');
  const since = parseTime(entry?.startedAt);
  return {
    code: 'WaitingForPlugin',
    detail: `Step plugin "${call.name}" (${place}) is ${entry?.phase ?? 'about to begin'}${entry?.message ? `: ${entry.message}` : ''}.`,
    unblock: `Nothing to do: it is asked again by itself. To go on without: ${promote}.`,
    ...(since !== undefined && { since }),
    ...(entry && { until: dueAt(entry) }),
  };
}
