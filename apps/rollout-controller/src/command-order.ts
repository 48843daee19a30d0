import { sightCommands } from '@sluice/engine';
import type { CommandSightings } from '@sluice/engine';
import type { Informer } from '@sluice/kube';
import type { Rollout } from '@sluice/model';

/**
 * In which order users gave the commands that wait in the statuses of Rollouts, and for which version: the stored object shows only their
 * sum. Kept only while a command waits; lost with the process, and then the engine takes the safe reading.
 */
export interface CommandOrder {
  /** Follows the watch from now on. Returns how to stop it. */
  watch(rollouts: Pick<Informer<Rollout>, 'onChange'>): () => void;
  of(uid: string): CommandSightings | undefined;
}

export function createCommandOrder(): CommandOrder {
  const waiting = new Map<string, CommandSightings>();

  function changed(before: Rollout | undefined, after: Rollout | undefined): void {
    const uid = after?.metadata.uid;
    if (before?.metadata.uid !== undefined && before.metadata.uid !== uid) waiting.delete(before.metadata.uid);
    if (after === undefined || uid === undefined) return;
    const commands = sightCommands(waiting.get(uid), before, after);
    if (commands === undefined) waiting.delete(uid);
    else waiting.set(uid, commands);
  }

  return {
    watch: (rollouts) => rollouts.onChange(changed),
    of: (uid) => waiting.get(uid),
  };
}
