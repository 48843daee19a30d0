import type { Rollout, RolloutStatus } from '@sluice/model';
import { isNewAbort } from './commands.ts';
import { deepEqual } from './same-status.ts';
import type { CommandSighting, CommandSightings } from './snapshot.ts';

/**
 * What is known of the commands of a Rollout after one more change of it was seen. Two commands that appear in the same change have
 * the same order, and one that appears together with another template has no version: a watch that was interrupted shows only the sum.
 *
 * @param before the Rollout as it was seen before; undefined for the first time: then no order is known
 */
export function sightCommands(
  known: CommandSightings | undefined,
  before: Rollout | undefined,
  after: Rollout,
): CommandSightings | undefined {
  if (before?.metadata.uid !== after.metadata.uid) return undefined;
  const order = 1 + Math.max(known?.abort?.order ?? 0, known?.promoteFull?.order ?? 0);
  const template = deepEqual(before?.spec.template, after.spec.template) ? after.spec.template : undefined;
  const sight = (
    isGiven: (status: RolloutStatus) => boolean,
    sighting: CommandSighting | undefined,
  ): CommandSighting | undefined => {
    if (!isGiven(after.status ?? {})) return undefined;
    return isGiven(before?.status ?? {}) ? sighting : { order, template };
  };
  const abort = sight(isNewAbort, known?.abort);
  const promoteFull = sight((status) => status.promoteFull === true, known?.promoteFull);
  return abort || promoteFull ? { ...(abort && { abort }), ...(promoteFull && { promoteFull }) } : undefined;
}
