import { eventReasons } from '@sluice/model';
import type { RolloutStatus } from '@sluice/model';
import type { EventIntent } from './decision.ts';
import { event } from './events.ts';
import { isUnfinished } from './restart.ts';
import { newRevision } from './revision.ts';
import { deepEqual } from './same-status.ts';
import { isFullyPromoted } from './situation.ts';
import type { Situation } from './situation.ts';
import type { CommandSighting } from './snapshot.ts';

// Users give commands by writing the status, at any moment: also while the stored status does not mention the version that the
// spec asks for. A command is never dropped because of what the stored status does not say yet.

/** An abort that the controller has not recorded yet. */
export const isNewAbort = ({ abort, abortedAt }: RolloutStatus): boolean => abort === true && !abortedAt;

/** Whether a command was given when the spec asked for the version that it asks for now; undefined where the order is unknown. */
function isAboutNewVersion(s: Situation, sighting: CommandSighting | undefined): boolean | undefined {
  if (sighting?.template === undefined || s.spec.workloadRef) return undefined;
  return deepEqual(sighting.template, s.template);
}

/** Why there is nothing to abort, or undefined. */
function nothingToAbort(s: Situation): string | undefined {
  const { stableRS } = s.status;
  const { newSet } = s.roles;
  if (!stableRS) return 'there is no stable version to return to';
  if (!isFullyPromoted(s.status)) return undefined;
  const isStable = newSet.hash === stableRS || isAboutNewVersion(s, s.snapshot.commands?.abort) === false;
  return isStable ? 'the stable version was not being updated' : undefined;
}

/**
 * The later of the two wins. The controller clears `promoteFull` when it records `abortedAt`, so that a `promoteFull` beside it is the
 * later one. Where the order is unknown the abort wins.
 */
function isPromotedAfterAbort({ status, snapshot }: Situation): boolean {
  if (!status.promoteFull) return false;
  if (status.abortedAt) return true;
  const { abort, promoteFull } = snapshot.commands ?? {};
  return abort !== undefined && promoteFull !== undefined && promoteFull.order > abort.order;
}

/** The situation with the commands of users that count, without those that another one or the state of the update cancels. */
export function withCommands(s: Situation): Situation {
  const status = effective(s);
  return status === s.status ? s : { ...s, status };
}

function effective(s: Situation): RolloutStatus {
  const { status } = s;
  if (!status.abort) return status;
  if (nothingToAbort(s) !== undefined) return { ...status, abort: false, abortedAt: undefined };
  // `abortedAt` stays, as after a retry: it tells that what follows is another attempt.
  if (isPromotedAfterAbort(s)) return { ...status, abort: false };
  return status.promoteFull ? { ...status, promoteFull: false } : status;
}

/** Commands that are about the version that the status is about to mention, and survive the reset. */
export interface CarriedCommands {
  readonly abort: boolean;
  readonly promoteFull: boolean;
}

/**
 * An abort of unknown order aborts the new version, because returning to the stable version is safe; a full promotion of unknown order
 * counts only where the status shows no other update that it could have been about.
 */
export function carriedCommands(s: Situation): CarriedCommands {
  const { status, roles, snapshot } = s;
  const { newSet } = roles;
  const isUpdate = !!status.stableRS && newSet.hash !== status.stableRS;
  const isSameVersion = status.currentPodHash === newSet.hash;
  const { commands } = snapshot;
  const abort = isUpdate && isNewAbort(status) && isAboutNewVersion(s, commands?.abort) !== false;
  const isPromoted = isSameVersion || (isAboutNewVersion(s, commands?.promoteFull) ?? isFullyPromoted(status));
  return { abort, promoteFull: isUpdate && !abort && status.promoteFull === true && isPromoted };
}

/** Commands of the stored status that this turn drops, each with the reason. */
export function rejectedCommands(stored: Situation, status: RolloutStatus): readonly EventIntent[] {
  const rejected = (what: string, why: string): EventIntent =>
    event(eventReasons.commandRejected, `${what} has no effect: ${why}`);
  const events: EventIntent[] = [];
  if (isNewAbort(stored.status) && !status.abort && !isPromotedAfterAbort(stored)) {
    const why = nothingToAbort(stored);
    if (why !== undefined) events.push(rejected('abort', why));
  }
  const isNew = stored.status.currentPodHash !== stored.roles.newSet.hash && !!stored.status.stableRS;
  if (
    stored.status.promoteFull &&
    !status.promoteFull &&
    !status.abort &&
    isNew &&
    status.stableRS !== status.currentPodHash
  )
    events.push(rejected('promoteFull', `it was set before the update to revision ${newRevision(stored)}`));
  const { restartAt } = stored.spec;
  if (isNew && isUnfinished(restartAt, stored.status.restartedAt) && !isUnfinished(restartAt, status.restartedAt))
    events.push(rejected(`restartAt ${restartAt}`, `revision ${newRevision(stored)} replaces all pods`));
  return events;
}
