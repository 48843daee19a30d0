import { conditionReasons, conditionTypes, eventReasons, formatTime, parseTime } from '@sluice/model';
import type { BlueGreenStatus, CanaryStatus, PauseCondition, RolloutDuration, RolloutStatus } from '@sluice/model';
import {
  available,
  completed,
  conditionsOf,
  findCondition,
  healthy,
  progressing,
  withCondition,
  without,
} from './conditions.ts';
import type { Conditions } from './conditions.ts';
import { countPods } from './counts.ts';
import type { EventIntent } from './decision.ts';
import { accountManualPause, endAttempt, finishAttempt, isOpen, isWaitingForPerson, startAttempt } from './duration.ts';
import { event } from './events.ts';
import { isEnding, leftOverEndings } from './plugin-step/endings.ts';
import { pluginEntries } from './plugin-step/entries.ts';
import { heldConditions, holdEvents } from './hold.ts';
import { newRevision } from './revision.ts';
import { withRunEntries } from './rollout-analysis/entries.ts';
import { isSaturated } from './blue-green-replicas.ts';
import { selectorOf } from './build-replica-set.ts';
import { isBeingReleased, isRouted } from './routed/release.ts';
import { blueGreenOf, canaryOf, isBlocked, isFullyPromoted, pausesOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { phaseOf } from './phase.ts';
import { hasProgressed, hasTimedOut, isHealthy } from './progress.ts';
import { refusedCondition } from './refusals.ts';
import { replicaFailureOf } from './replica-failure.ts';
import { stableMissingCondition } from './stable-missing.ts';
import type { TurnResult } from './turn.ts';

export interface ComposedStatus {
  readonly status: RolloutStatus;
  readonly events: readonly EventIntent[];
}

/** From what the strategy wants of a turn to the whole status that people, clients and the next turn read. */
export function composeStatus(s: Situation, result: TurnResult): ComposedStatus {
  const abort = result.abort ?? s.status.abort ?? false;
  const pauses = abort ? [] : (result.pauses ?? pausesOf(s.status));
  const draft: RolloutStatus = {
    ...s.status,
    ...countedPods(s, result),
    observedGeneration: String(s.rollout.metadata.generation ?? 0),
    workloadObservedGeneration: s.snapshot.workload.kind === 'found' ? String(s.snapshot.workload.generation) : '',
    currentPodHash: result.currentPodHash ?? s.roles.newSet.hash,
    currentStepHash: result.currentStepHash ?? (blueGreenOf(s) ? '' : s.status.currentStepHash),
    currentStepIndex:
      (result.currentStepIndex === undefined ? s.status.currentStepIndex : result.currentStepIndex) ?? undefined,
    stableRS: result.stableRS ?? s.status.stableRS,
    ...(s.roles.collisionCount != null && { collisionCount: s.roles.collisionCount }),
    restartedAt: result.restartedAt ?? s.status.restartedAt ?? undefined,
    promoteFull: result.promoteFull ?? s.status.promoteFull,
    abort,
    abortedAt: abortedAt(s, result, abort),
    pauseConditions: [...pauses],
    controllerPause:
      !abort &&
      (pauses.length > 0
        ? (s.status.controllerPause ?? false) || isNewPause(s, pauses)
        : result.keepsResume === true && s.status.controllerPause === true),
    blueGreen: blueGreenStatus(s, result),
    canary: canaryStatus(s, result),
    duration: durationOf(s, result, pauses, abort),
  };
  const events = [...(result.events ?? []), ...pauseEvents(s, pauses, abort)];
  return concludeStatus(s, draft, result, events);
}

/** Autoscalers read the selector: one that is wrong must not take their pods from them. */
function countedPods(s: Situation, { activeSet }: TurnResult) {
  const counts = countPods(s, selectorOf(s), activeSet);
  return s.hold?.type === 'InvalidSpec' && s.status.selector ? { ...counts, selector: s.status.selector } : counts;
}

const isNewPause = (s: Situation, pauses: readonly PauseCondition[]): boolean =>
  pauses.length > pausesOf(s.status).length;

function abortedAt(s: Situation, result: TurnResult, abort: boolean): string | undefined {
  if (!abort) return undefined;
  return result.abortedAt ?? s.status.abortedAt ?? formatTime(s.now);
}

function blueGreenStatus(s: Situation, { blueGreen, startsOver }: TurnResult): BlueGreenStatus {
  if (!blueGreenOf(s)) return {};
  const before = (startsOver ? withRunEntries(s.status, {}) : s.status).blueGreen ?? {};
  if (!blueGreen) return before;
  const { activeSelector, previewSelector, scaleUpPreviewCheckPoint, ...rest } = { ...before, ...blueGreen };
  return {
    ...rest,
    ...(previewSelector && { previewSelector }),
    ...(activeSelector && { activeSelector }),
    ...(scaleUpPreviewCheckPoint && { scaleUpPreviewCheckPoint }),
  };
}

function durationOf(
  s: Situation,
  result: TurnResult,
  pauses: readonly PauseCondition[],
  abort: boolean,
): RolloutDuration | undefined {
  const isRetried = result.abort !== false || (s.status.promoteFull === true && !result.startsOver);
  const isRetry = !abort && !!s.status.abortedAt && isRetried;
  const starts = result.startsAttempt || isRetry;
  // An attempt is known by its start: one of the same version must not begin in the same second.
  const before = s.status.currentPodHash === s.roles.newSet.hash ? s.status.duration?.rolloutStartedAt : undefined;
  const startsAt = Math.max(s.now, (parseTime(before) ?? 0) + 1000);
  let duration = starts ? startAttempt(startsAt) : (s.status.duration ?? undefined);
  duration = accountManualPause(duration, isWaitingForPerson(s, pauses) && !abort && !result.endsAttempt, s.now);
  if (result.endsAttempt && isOpen(duration)) duration = endAttempt(duration, result.endsAttempt);
  if (abort && isOpen(duration)) return finishAttempt(endAttempt(duration, 'Aborted'), s.now);
  const stable = result.stableRS ?? s.status.stableRS;
  const isThere = stable === s.roles.newSet.hash && s.roles.newSet.available >= s.replicas;
  return isThere ? finishAttempt(duration, s.now) : duration;
}

function pauseEvents(s: Situation, pauses: readonly PauseCondition[], abort: boolean): readonly EventIntent[] {
  const before = pausesOf(s.status);
  if (before.length === 0 && pauses.length > 0)
    return [event(eventReasons.rolloutPaused, `Rollout is paused (${pauses[0]!.reason})`)];
  if (before.length > 0 && pauses.length === 0 && !abort)
    return [event(eventReasons.rolloutResumed, 'Rollout is resumed')];
  return [];
}

function canaryStatus(s: Situation, result: TurnResult): CanaryStatus {
  const entries = result.stepPluginStatuses ?? (result.startsOver ? leftOverEndings(s) : pluginEntries(s.status));
  // Of a strategy that has no steps, only what is still to be ended.
  const plugins = canaryOf(s) ? entries : entries.filter(isEnding);
  const { stepPluginStatuses: _before, ...rest } = routedStatus(s, result);
  return plugins.length === 0 ? rest : { ...rest, stepPluginStatuses: [...plugins] };
}

function routedStatus(s: Situation, { weights, flipsPingPong, startsOver }: TurnResult): CanaryStatus {
  // Remembered until nobody holds routes for it any more: the only sign that there is something to be given back.
  const unreleased = isBeingReleased(s) ? s.snapshot.rollout.status?.canary?.weights : undefined;
  if (!canaryOf(s)) return { ...(unreleased && { weights: unreleased }) };
  const { weights: known, ...rest } = startsOver ? startedOver(s.status) : (s.status.canary ?? {});
  const kept = isRouted(s) ? (weights ?? known) : unreleased;
  const parts =
    flipsPingPong && canaryOf(s)?.pingPong
      ? { stablePingPong: rest.stablePingPong === 'ping' ? ('pong' as const) : ('ping' as const) }
      : {};
  return { ...rest, ...(kept && { weights: kept }), ...parts };
}

function startedOver(status: RolloutStatus): CanaryStatus {
  const { currentExperiment: _experiment, ...rest } = withRunEntries(status, {}).canary ?? {};
  return rest;
}

const abortMessage = (s: Situation, cause?: string): string =>
  `Rollout aborted update to revision ${newRevision(s)}${cause ? `: ${cause}` : ''}`;

function concludeStatus(
  s: Situation,
  draft: RolloutStatus,
  result: TurnResult,
  events: readonly EventIntent[],
): ComposedStatus {
  const standing = standingConditions(s, draft);
  const progress = progressCondition(s, draft, standing, result.abortCause);
  if (progress.timesOut && s.spec.progressDeadlineAbort && !draft.abort && !isFullyPromoted(draft)) {
    const finished =
      draft.duration && isOpen(draft.duration)
        ? finishAttempt(endAttempt(draft.duration, 'Aborted'), s.now)
        : draft.duration;
    const taken: RolloutStatus = {
      ...draft,
      abort: true,
      abortedAt: formatTime(s.now),
      pauseConditions: [],
      controllerPause: false,
      duration: finished,
    };
    return concludeStatus(s, taken, { ...result, abortCause: timeoutMessage(s) }, events);
  }
  const conditions = progress.conditions;
  const isCompleted = findCondition(conditions, conditionTypes.completed)?.status;
  const wasCompleted = findCondition(conditionsOf(s.status), conditionTypes.completed)?.status;
  const notCompleted =
    isCompleted === 'False' && wasCompleted !== 'False'
      ? [
          event(
            eventReasons.rolloutNotCompleted,
            `Rollout not completed, started update to revision ${newRevision(s)} (${draft.currentPodHash})`,
          ),
        ]
      : [];
  const aborts =
    draft.abort && !s.status.abortedAt ? [event(eventReasons.rolloutAborted, abortMessage(s, result.abortCause))] : [];
  const missing = findCondition(conditions, conditionTypes.stableMissing);
  const isLost = missing && !findCondition(conditionsOf(s.status), conditionTypes.stableMissing);
  const losses = isLost ? [event(eventReasons.stableMissing, missing.message ?? '')] : [];
  const status = { ...draft, conditions: [...conditions] };
  const { phase, message } = phaseOf(s, status, result.blockedBy);
  const held = holdEvents(s.status, s.hold);
  return { status: { ...status, phase, message }, events: [...held, ...notCompleted, ...events, ...aborts, ...losses] };
}

/** All conditions but Progressing. */
function standingConditions(s: Situation, draft: RolloutStatus): Conditions {
  let conditions = heldConditions(conditionsOf(s.status), s.hold, s.now);
  const isPausing = (draft.pauseConditions?.length ?? 0) > 0 || s.spec.paused === true;
  const isWell = !isPausing && isHealthy(s, draft);
  if (isWell || findCondition(conditions, conditionTypes.healthy))
    conditions = withCondition(conditions, healthy(isWell), s.now);
  const isComplete = !!draft.stableRS && draft.stableRS === draft.currentPodHash;
  conditions = withCondition(conditions, completed(isComplete), s.now);
  conditions = withCondition(conditions, available(hasMinimumAvailability(s, draft)), s.now);
  const refused = refusedCondition(s.snapshot);
  conditions = refused ? withCondition(conditions, refused, s.now) : without(conditions, conditionTypes.writeRefused);
  const missing = stableMissingCondition(s);
  conditions = missing ? withCondition(conditions, missing, s.now) : without(conditions, conditionTypes.stableMissing);
  const failure = replicaFailureOf(s);
  return failure ? withCondition(conditions, failure, s.now) : without(conditions, conditionTypes.replicaFailure);
}

function hasMinimumAvailability(s: Situation, draft: RolloutStatus): boolean {
  if (!blueGreenOf(s)) return s.roles.all.reduce((sum, set) => sum + set.available, 0) >= s.replicas;
  const active = s.roles.all.find((set) => set.hash === draft.blueGreen?.activeSelector);
  return active !== undefined && isSaturated(s, active);
}

const timeoutMessage = (s: Situation): string => `ReplicaSet "${s.roles.newSet.name}" has timed out progressing.`;

interface Progress {
  readonly conditions: Conditions;
  readonly timesOut: boolean;
}

/** Source: spec-rollout §2.2, the table of Progressing. */
function progressCondition(
  s: Situation,
  draft: RolloutStatus,
  conditions: Conditions,
  abortCause: string | undefined,
): Progress {
  const { newSet, toCreate } = s.roles;
  const set = (content: ReturnType<typeof progressing>, refresh = false): Progress => ({
    conditions: withCondition(conditions, content, s.now, refresh),
    timesOut: false,
  });
  if (draft.abort) return set(progressing('False', conditionReasons.aborted, abortMessage(s, abortCause)));
  // The clock stands still while something else than its pods holds the update.
  if (isBlocked(s)) return { conditions, timesOut: false };
  if (s.snapshot.createFailure?.hash === newSet.hash) {
    return set(progressing('False', conditionReasons.replicaSetCreateError, s.snapshot.createFailure.message));
  }
  const isWell = findCondition(conditions, conditionTypes.healthy)?.status === 'True';
  if (isWell)
    return set(
      progressing(
        'True',
        conditionReasons.newReplicaSetAvailable,
        `ReplicaSet "${newSet.name}" has successfully progressed.`,
      ),
    );
  if (s.status.currentPodHash !== newSet.hash && toCreate) {
    return set(
      progressing('True', conditionReasons.newReplicaSetCreated, `Created new replica set "${newSet.name}"`),
      true,
    );
  }
  const wasWell = findCondition(conditionsOf(s.status), conditionTypes.healthy)?.status === 'True';
  if (hasProgressed(s, s.status, draft) || wasWell) return progressed(s, draft, conditions, wasWell);
  if (!findCondition(conditions, conditionTypes.progressing)) {
    return set(progressing('True', conditionReasons.foundNewReplicaSet, `Found new replica set "${newSet.name}"`));
  }
  if (!hasTimedOut(s, conditions)) return { conditions, timesOut: false };
  return { ...set(progressing('False', conditionReasons.progressDeadlineExceeded, timeoutMessage(s))), timesOut: true };
}

function progressed(s: Situation, draft: RolloutStatus, conditions: Conditions, wasWell: boolean): Progress {
  const { newSet } = s.roles;
  // While it waits for somebody, the clock of the progress deadline stands still.
  const current = findCondition(conditions, conditionTypes.progressing)?.reason;
  const isPausing = (draft.pauseConditions?.length ?? 0) > 0 || s.spec.paused === true;
  if (isPausing && current === conditionReasons.paused) return { conditions, timesOut: false };
  const isLost = wasWell && draft.stableRS === draft.currentPodHash;
  const content = isLost
    ? progressing('True', conditionReasons.replicaSetNotAvailable, `ReplicaSet "${newSet.name}" is not available`)
    : progressing('True', conditionReasons.replicaSetUpdated, `ReplicaSet "${newSet.name}" is progressing.`);
  return { conditions: withCondition(conditions, content, s.now, true), timesOut: false };
}
