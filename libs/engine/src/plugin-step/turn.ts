import { eventReasons, formatTime } from '@sluice/model';
import type { RolloutStatus, StepPluginStatus } from '@sluice/model';
import { composeStatus } from '../compose-status.ts';
import type { ComposedStatus } from '../compose-status.ts';
import type { EventIntent } from '../decision.ts';
import { event } from '../events.ts';
import type { Plan } from '../plan.ts';
import { needsReset } from '../reset.ts';
import { isPausing } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { named } from '../snapshot.ts';
import type { TurnResult } from '../turn.ts';
import { beginning } from './begun.ts';
import {
  endingsOf,
  givenUpAt,
  isEnding,
  isInTheWay,
  isLeftOver,
  leftOverEndings,
  pluginAway,
  withWantedEndings,
} from './endings.ts';
import {
  dueAt,
  pluginEntries,
  pluginEntry,
  recordedAnswer,
  withoutPluginEntry,
  withPluginEntries,
  withPluginEntry,
} from './entries.ts';
import type { StepPluginCall } from './intent.ts';
import { failedPluginRun, nextPluginCall } from './next-call.ts';
import { pluginTransition } from './transition.ts';

/** What step plugins have answered that the status does not say yet, and what they are to end from now on. A plugin's no to its step takes the update back. */
export function pluginTurn(s: Situation): ComposedStatus | undefined {
  if (needsReset(s)) return undefined;
  if (isTriedAgain(s) && !pluginEntries(s.status).every(isEnding))
    return { status: withPluginEntries(s.status, leftOverEndings(s)), events: [] };
  const entries = withWantedEndings(s);
  if (entries !== pluginEntries(s.status)) return { status: withPluginEntries(s.status, entries), events: [] };
  const answered = answeredCall(s) ?? givenUp(s);
  if (answered) return answered;
  const failed = failedPluginRun(s);
  if (!failed || isTriedAgain(s)) return undefined;
  const abortCause = `Step Plugin ${failed.index + 1} (${failed.name}) failed: ${failed.message ?? ''}`;
  return composeStatus(s, { abort: true, pauses: [], abortCause });
}

/** Somebody wants the update after all, and the status does not say yet that a new attempt has begun. */
const isTriedAgain = ({ status }: Situation): boolean => !status.abort && !!status.abortedAt;

function answeredCall(s: Situation): ComposedStatus | undefined {
  const call = nextPluginCall(s);
  const answer = call && named(s.snapshot.stepPlugins?.answers ?? {}, call.key);
  if (!call || !answer) return undefined;
  const before = pluginEntry(s.status, call.index, call.operation);
  const entry = recordedAnswer(call, before, answer);
  return { status: told(s.status, entry), events: transition(before, entry) };
}

/** An ending that the plugin has not answered for so long that the rollout goes on without it. Nobody is given up who was not asked: the controller may have been away as long. */
function givenUp(s: Situation): ComposedStatus | undefined {
  const isGivenUp = (each: StepPluginStatus): boolean =>
    givenUpAt(s, each) <= s.now && pluginAway(s, each.name) !== undefined;
  const ending = endingsOf(s.status).find(isGivenUp);
  if (!ending) return undefined;
  const { status: _begun, ...before } = ending;
  const time = formatTime(s.now);
  const message = `the plugin has not ended it since ${ending.startedAt}: ${pluginAway(s, ending.name)}`;
  const entry: StepPluginStatus = { ...before, phase: 'Failed', message, updatedAt: time, finishedAt: time };
  return { status: told(s.status, entry), events: transition(ending, entry, message) };
}

/** What has ended of an update that is over is of no more interest. */
const told = (status: RolloutStatus, entry: StepPluginStatus): RolloutStatus =>
  entry.operation !== 'Run' && isLeftOver(status, entry)
    ? withoutPluginEntry(status, entry)
    : withPluginEntry(status, entry);

type Planned = Pick<TurnResult, 'blockedBy' | 'stepPluginStatuses'> & { readonly events: readonly EventIntent[] };

/**
 * Asks for the call that is due, last of all: a step runs only while nothing is scaled and nobody pauses. What is no longer wanted is ended
 * whatever else goes on. That a step is begun is stored before its plugin hears of it, so that it is ended whatever comes between.
 */
export function planPluginCall(s: Situation, plan: Plan): Planned {
  const call = nextPluginCall(s);
  for (const at of endingsOf(s.status).map((ending) => givenUpAt(s, ending))) if (at > s.now) plan.wake(at);
  if (!call) return { events: [] };
  if (call.operation === 'Run' && (isPausing(s) || plan.scales || isTriedAgain(s))) return { events: [] };
  const entry = pluginEntry(s.status, call.index, call.operation);
  if (entry?.phase && dueAt(entry) > s.now) {
    plan.wake(dueAt(entry));
    return { events: [] };
  }
  if (!entry && s.snapshot.stepPlugins?.disabled?.includes(call.name)) {
    const { index, name, operation } = call;
    const skipped: StepPluginStatus = { index, name, operation, disabled: true };
    return { stepPluginStatuses: [...pluginEntries(s.status), skipped], events: [] };
  }
  const reason = reasonToWait(s, call);
  if (reason !== undefined) return waits(s, call, reason);
  if (!entry) {
    const { index, name, operation } = call;
    const entry = { index, name, operation, startedAt: formatTime(s.now), status: beginning(s, index) };
    return { stepPluginStatuses: [...pluginEntries(s.status), entry], events: [] };
  }
  plan.ask({ kind: 'CallStepPlugin', call, events: [] });
  return { events: [] };
}

/** Why this call cannot be made now. */
function reasonToWait(s: Situation, { name, index, operation, revision }: StepPluginCall): string | undefined {
  const away = pluginAway(s, name);
  return away === undefined || operation === 'Run'
    ? away
    : `it has not ended what step ${index + 1} of revision ${revision} began: ${away}`;
}

const isWaitedFor = (s: Situation, { index, operation }: StepPluginCall): boolean =>
  operation === 'Run' || endingsOf(s.status).some((ending) => ending.index === index && isInTheWay(s, ending));

/** Told once for each reason: the message of the status repeats it until it goes on. */
function waits(s: Situation, call: StepPluginCall, reason: string): Planned {
  if (isPausing(s) || !isWaitedFor(s, call)) return { events: [] };
  const what = `step plugin "${call.name}"`;
  const isTold = s.status.phase !== 'Progressing' || s.status.message === `waiting for ${what}: ${reason}`;
  return {
    blockedBy: { what, reason },
    events: isTold ? [] : [event(eventReasons.reconciliationError, `${what}: ${reason}`)],
  };
}

/** A step that is done is told by the event of its completion. */
function transition(
  before: StepPluginStatus | undefined,
  entry: StepPluginStatus,
  why?: string,
): readonly EventIntent[] {
  const { operation, phase } = entry;
  if (!phase || before?.phase === phase || (operation === 'Run' && phase === 'Successful')) return [];
  return [pluginTransition(entry, phase, why)];
}
