import { podTemplateHashLabel } from '@sluice/model';
import type { PodTemplateSpec, RolloutStatus } from '@sluice/model';
import { blueGreenTurn } from './blue-green-turn.ts';
import { buildReplicaSet, selectorOf } from './build-replica-set.ts';
import { canaryTurn } from './canary-turn.ts';
import { claims, outgrownEvents } from './claims.ts';
import { rejectedCommands, withCommands } from './commands.ts';
import { composeStatus } from './compose-status.ts';
import { conditionsOf } from './conditions.ts';
import type { Action, Decision, EventIntent, Explanation } from './decision.ts';
import { hasEphemeralMetadata, planEphemeralMetadata } from './ephemeral-metadata.ts';
import { explain } from './explanation.ts';
import { planHistory } from './history.ts';
import { holdOf } from './hold.ts';
import type { Hold } from './hold.ts';
import { invalidSpec } from './invalid.ts';
import { followPauses } from './pause-conditions.ts';
import { Plan } from './plan.ts';
import { progressDeadline } from './progress.ts';
import { refusedIn, writeOf } from './refusals.ts';
import { needsReset, reset } from './reset.ts';
import { assignRoles } from './roles.ts';
import { isRestartPending, planRestart } from './restart.ts';
import { planNewSetUpkeep, planRolloutAnnotations } from './revision.ts';
import { recreationOf } from './stable-missing.ts';
import { storedForm } from './same-status.ts';
import { blueGreenOf, isBlocked, isObserved, situationOf } from './situation.ts';
import type { Situation } from './situation.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { experimentTurn } from './experiment-step/turn.ts';
import { planPluginCall, pluginTurn } from './plugin-step/turn.ts';
import { analysisTurn } from './rollout-analysis/turn.ts';
import { isRouted, planRelease } from './routed/release.ts';
import { routedTurn } from './routed/turn.ts';
import { withoutRefusedParts } from './storable-status.ts';
import type { TurnResult } from './turn.ts';
import { urgencyOf } from './urgency.ts';
import { handBackActions, planWorkloadScaleDown } from './workload.ts';
import type { Rollout } from '@sluice/model';

/** Whether a snapshot of this Rollout must have its pods: they are big, and most decisions do without. */
export const needsPods = (rollout: Rollout): boolean => isRestartPending(rollout) || hasEphemeralMetadata(rollout);

/**
 * What to do about one Rollout now. Pure and total: the same snapshot gives the same Decision, and no snapshot makes it throw.
 */
export function decideRollout(snapshot: RolloutSnapshot): Decision {
  return withoutRefusedParts(snapshot, decide(snapshot));
}

function decide(snapshot: RolloutSnapshot): Decision {
  const { rollout, workload } = snapshot;
  if (rollout.metadata.deletionTimestamp) return { ...onHold(snapshot, deleting), actions: handBackActions(snapshot) };
  if (workload.kind === 'unknown')
    return onHold(snapshot, cannotObserve(`the ${rollout.spec.workloadRef?.kind} ${rollout.spec.workloadRef?.name}`));
  const template = (workload.kind === 'found' ? workload.template : rollout.spec.template) ?? {};
  const hold = holdAt(snapshot, template, rollout.status ?? {});
  const unknown = Object.entries(snapshot.services).find(([, service]) => service === 'unknown');
  if (hold?.type === 'InvalidSpec' && (unknown || !canTakeTurns(snapshot, hold))) return invalidSpec(snapshot, hold);
  if (unknown) return onHold(snapshot, cannotObserve(`Service ${unknown[0]}`));
  return takeTurns(snapshot, template);
}

const holdAt = (snapshot: RolloutSnapshot, template: PodTemplateSpec, status: RolloutStatus): Hold | undefined =>
  holdOf(snapshot, status, () => assignRoles(snapshot, template, status).newSet.hash === status.currentPodHash);

/** Whether there is a version to keep, and one strategy to keep it by. */
function canTakeTurns({ rollout: { spec, status }, replicaSets }: RolloutSnapshot, hold: Hold): boolean {
  const { canary, blueGreen } = spec.strategy ?? {};
  if (!!canary === !!blueGreen) return false;
  if (!status?.stableRS) return hold.deploys;
  const hashes = [status.stableRS, status.currentPodHash];
  return replicaSets.some(
    ({ metadata }) => !metadata.deletionTimestamp && hashes.includes(metadata.labels?.[podTemplateHashLabel] ?? ''),
  );
}

/** Nothing is written and nothing is done. */
function onHold({ rollout }: RolloutSnapshot, explanation: Explanation): Decision {
  return { status: rollout.status ?? {}, statusUrgency: 'unchanged', actions: [], events: [], explanation };
}

const deleting: Explanation = {
  code: 'Deleting',
  detail: 'The Rollout is being deleted.',
  unblock: 'Nothing to do.',
};

const cannotObserve = (what: string): Explanation => ({
  code: 'CannotObserve',
  detail: `Cannot read ${what}; the Rollout is on hold until it can be read.`,
  unblock: 'Sluice retries automatically; if it stays, check the permissions of the rollout-controller.',
});

interface Taken {
  readonly situation: Situation;
  readonly plan: Plan;
  readonly status: RolloutStatus;
  readonly events: readonly EventIntent[];
  readonly blockedBy?: TurnResult['blockedBy'];
}

/**
 * Takes turns until the status stands still. The actions of the last turn count: they follow from the status that is going to be
 * stored, so that dying after any of them leads the next decision to the same place.
 */
function takeTurns(snapshot: RolloutSnapshot, template: PodTemplateSpec): Decision {
  const adopting = adoptionOf(snapshot, template);
  if (adopting) return adopting;
  const recreating = recreationDecision(snapshot, template);
  if (recreating) return recreating;
  const stored = snapshot.rollout.status ?? {};
  const events: EventIntent[] = [];
  let status = stored;
  const limit = 24 + 2 * (snapshot.rollout.spec.strategy?.canary?.steps?.length ?? 0);
  for (let turns = 1; ; turns++) {
    const taken = takeTurn(snapshot, template, status);
    events.push(...taken.events);
    // Where routes follow, a promotion is stored before anything is done about it.
    const isPromoted = isRouted(taken.situation) && !!status.stableRS && taken.status.stableRS !== status.stableRS;
    const isSettled = taken.status === status || isPromoted;
    const abortsItself = taken.status.abort === true && status.abort !== true;
    status = taken.status;
    // An abort of its own is stored before anything is done about it: otherwise what is done would look like progress.
    if (abortsItself) return { ...decisionOf(taken, storedForm(stored, status), events, true), actions: [] };
    if (isSettled || turns >= limit) return decisionOf(taken, storedForm(stored, status), events, isSettled);
  }
}

/** Sets that lost their owner are taken back first, and nothing is concluded from their absence: one of them may be the stable one. */
function adoptionOf(snapshot: RolloutSnapshot, template: PodTemplateSpec): Decision | undefined {
  if (snapshot.orphans.length === 0) return undefined;
  const situation = situationOf(snapshot, template, snapshot.rollout.status ?? {});
  const isRefused = refusedIn(snapshot);
  const adoptions = claims(situation, selectorOf(situation)).filter(
    (action) => action.kind === 'AdoptReplicaSet' && !isRefused(writeOf(action)!),
  ) as readonly (Action & { readonly kind: 'AdoptReplicaSet' })[];
  if (adoptions.length === 0) return undefined;
  const names = adoptions.map(({ target }) => target.name).join(', ');
  const explanation: Explanation = {
    code: 'Progressing',
    detail: `ReplicaSets without an owner are taken back: ${names}.`,
    unblock: 'Nothing to do: it goes on by itself.',
  };
  return { ...onHold(snapshot, explanation), actions: adoptions };
}

/** The stable version is made again before anything is concluded from its absence, wherever its pod template is known. */
function recreationDecision(snapshot: RolloutSnapshot, template: PodTemplateSpec): Decision | undefined {
  if (!snapshot.lastStable || !snapshot.rollout.status?.stableRS) return undefined;
  const action = recreationOf(withCommands(situationOf(snapshot, template, snapshot.rollout.status)));
  if (!action) return undefined;
  const explanation: Explanation = {
    code: 'Progressing',
    detail: `ReplicaSet ${action.replicaSet.metadata.name} of the stable version was deleted and is created again.`,
    unblock: 'Nothing to do: it goes on by itself.',
  };
  return { ...onHold(snapshot, explanation), actions: [action] };
}

function takeTurn(snapshot: RolloutSnapshot, template: PodTemplateSpec, status: RolloutStatus): Taken {
  const given = situationOf(snapshot, template, status, holdAt(snapshot, template, status));
  const situation = withCommands(given);
  const plan = new Plan((set, change) => buildReplicaSet(situation, set, change), refusedIn(snapshot));
  planUpkeep(situation, plan);
  if (isObserved(situation)) {
    const conditions = followPauses(situation);
    if (conditions !== conditionsOf(situation.status)) {
      return {
        situation,
        plan,
        status: storedForm(status, { ...situation.status, conditions: [...conditions] }),
        events: rejectedCommands(given, situation.status),
      };
    }
  }
  const analysis = analysisTurn(situation, plan);
  const experiment = analysis.news ? {} : experimentTurn(situation, plan);
  const trouble = troubleOf(analysis.trouble, experiment.trouble);
  const news = analysis.news ?? experiment.news ?? (isBlocked(situation) ? undefined : pluginTurn(situation));
  const composed = news ?? composeStatus(situation, { ...trouble, ...strategyTurn(situation, plan) });
  const outgrown = outgrownEvents(situation, selectorOf(situation));
  const events = [...rejectedCommands(given, composed.status), ...outgrown, ...composed.events];
  return { situation, plan, status: storedForm(status, composed.status), events, ...trouble };
}

function troubleOf(analysis: string | undefined, experiment: string | undefined): Pick<TurnResult, 'blockedBy'> {
  if (analysis !== undefined) return { blockedBy: { what: 'analysis', reason: analysis } };
  return experiment === undefined ? {} : { blockedBy: { what: 'experiment', reason: experiment } };
}

function planUpkeep(s: Situation, plan: Plan): void {
  // What is written on sets is of a version that may not begin.
  if (s.keepsVersion || isBlocked(s)) return;
  // The selector may be what is wrong: it lets go of no set.
  if (s.hold?.type !== 'InvalidSpec') for (const claim of claims(s, selectorOf(s))) plan.claim(claim);
  planNewSetUpkeep(s, plan);
  planRolloutAnnotations(s, plan);
  planEphemeralMetadata(s, plan);
  planHistory(s, plan);
}

function strategyTurn(s: Situation, plan: Plan) {
  if (needsReset(s)) return reset(s);
  const result = blueGreenOf(s) ? blueGreenTurn(s, plan) : isRouted(s) ? routedTurn(s, plan) : canaryTurn(s, plan);
  if (isBlocked(s)) return result;
  planRelease(s, plan);
  // Last: it may only spend the availability that the rest of the plan leaves.
  const restartedAt = planRestart(s, plan);
  planWorkloadScaleDown(s, plan);
  const { events, ...plugins } = planPluginCall(s, plan);
  const all = { ...(restartedAt !== undefined && { restartedAt }), ...plugins, ...result };
  return events.length === 0 ? all : { ...all, events: [...(result.events ?? []), ...events] };
}

function decisionOf(
  { situation, plan, blockedBy }: Taken,
  status: RolloutStatus,
  events: readonly EventIntent[],
  isSettled: boolean,
): Decision {
  const { rollout, now } = situation.snapshot;
  const wakeAts = [...plan.wakeAts, ...deadlineWake(situation, status)];
  // A status that never settles would be a defect: it is stored as it is and looked at again, at a pace that harms nobody.
  if (!isSettled) wakeAts.push(now + 1000);
  const wakeAt = wakeAts.length > 0 ? Math.max(now + 1, Math.min(...wakeAts)) : undefined;
  return {
    status,
    statusUrgency: urgencyOf(rollout.status ?? {}, status),
    actions: plan.actions(),
    events,
    explanation: explain(situation, status, blockedBy),
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

function deadlineWake(s: Situation, status: RolloutStatus): readonly number[] {
  const at = status.phase === 'Progressing' ? progressDeadline({ ...s, status }, conditionsOf(status)) : undefined;
  // One that has gone by without a verdict is no moment to wait for.
  return at && at + 1000 > s.now ? [at + 1000] : [];
}
