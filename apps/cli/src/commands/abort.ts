import { type KubeClient, resources } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import type { Command } from 'commander';
import { patchStatus, readObservedRollout } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { abortPatch } from '../patches/lifecycle.ts';
import { type Session, printLine } from '../session.ts';
import { isGenerationObserved } from '../view/phase.ts';

export function registerAbort(program: Command, session: Session): void {
  const command = program
    .command('abort')
    .description('stop the update of Rollouts and go back to their stable version')
    .argument('<ROLLOUT...>')
    .action(async (names: string[]) => {
      const client = await session.client();
      for (const name of names) {
        await abort(client, name);
        printLine(session, `rollout '${name}' aborted`);
      }
    });
  completesWith(command, resources.rollouts);
}

/**
 * While the status still says that the version before is aborted, an abort changes nothing in it, and the controller cannot see it: it is written again once the status is
 * about the new version.
 */
async function abort(client: KubeClient, name: string): Promise<void> {
  const rollout = await patchStatus<Rollout>(client, resources.rollouts, name, abortPatch);
  if (isGenerationObserved(rollout) || !rollout.status?.abortedAt) return;
  const observed = await readObservedRollout(client, name);
  if (observed.status?.abort !== true) await patchStatus(client, resources.rollouts, name, abortPatch);
}
