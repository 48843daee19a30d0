import { eventReasons } from '@sluice/model';
import type { StepPluginStatus } from '@sluice/model';
import { composeStatus } from '../compose-status.ts';
import type { ComposedStatus } from '../compose-status.ts';
import type { EventIntent } from '../decision.ts';
import type { Plan } from '../plan.ts';
import { needsReset } from '../reset.ts';
import { canaryOf, isPausing } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { named } from '../snapshot.ts';
import type { TurnResult } from '../turn.ts';
import { dueAt, pluginEntries, pluginEntry, recordedAnswer, withPluginEntry, withoutPluginEntries } from './entries.ts';
import type { StepPluginCall } from './intent.ts';
import { failedPluginRun, nextPluginCall } from './next-call.ts';

/** What step plugins have answered that the status does not say yet. A plugin's no to its step takes the update back. */
export function pluginTurn(s: Situation): ComposedStatus | undefined {
  if (!canaryOf(s) || needsReset(s)) return undefined;
  const isTriedAgain = !s.status.abort && !!s.status.abortedAt;
  if (isTriedAgain && pluginEntries(s.status).length > 0) return { status: withoutPluginEntries(s.status), events: [] };
  const call = nextPluginCall(s);
  const answer = call && named(s.snapshot.stepPlugins?.answers ?? {}, call.key);
  if (call && answer) {
    const before = pluginEntry(s.status, call.index, call.operation);
    const entry = recordedAnswer(call, before, answer);
    return { status: withPluginEntry(s.status, entry), events: transition(before, entry) };
  }
  const failed = failedPluginRun(s);
  if (!failed || isTriedAgain) return undefined;
  const abortCause = `Step Plugin ${failed.index + 1} (${failed.name}) failed: ${failed.message ?? ''}`;
  return composeStatus(s, { abort: true, pauses: [], abortCause });
}

/**
 * Asks for the call that is due, last of all: a step runs only while nothing is scaled and nobody pauses. What is no longer wanted is ended
 * whatever else goes on. Answers who keeps the rollout where it is.
 */
export function planPluginCall(s: Situation, plan: Plan): TurnResult['blockedBy'] {
  if (!canaryOf(s)) return undefined;
  const call = nextPluginCall(s);
  if (!call || (call.operation === 'Run' && (isPausing(s) || plan.scales))) return undefined;
  const entry = pluginEntry(s.status, call.index, call.operation);
  if (entry && dueAt(entry) > s.now) {
    plan.wake(dueAt(entry));
    return undefined;
  }
  const away = pluginAway(s, call);
  if (away === undefined) {
    plan.ask({ kind: 'CallStepPlugin', call, events: [] });
    return undefined;
  }
  return call.operation === 'Run' ? { what: `step plugin "${call.name}"`, reason: away } : undefined;
}

/** Why the plugin cannot be asked now. */
export const pluginAway = (s: Situation, call: StepPluginCall): string | undefined =>
  named(s.snapshot.stepPlugins?.away ?? {}, call.name);

const verbs = { Run: 'transitioned to', Terminate: 'terminated', Abort: 'aborted' } as const;

/** A step that is done is told by the event of its completion. */
function transition(before: StepPluginStatus | undefined, entry: StepPluginStatus): readonly EventIntent[] {
  const { name, index, operation, phase } = entry;
  if (before?.phase === phase || (operation === 'Run' && phase === 'Successful')) return [];
  const isBad = phase === 'Failed' || phase === 'Error';
  const told = operation === 'Run' ? phase : `(${phase})`;
  return [
    {
      type: isBad ? 'Warning' : 'Normal',
      reason: eventReasons.stepPluginTransition,
      message: `Step plugin ${name} (step ${index + 1}) ${verbs[operation]} ${told}`,
    },
  ];
}
