import { resources } from '@sluice/kube';
import type { Command } from 'commander';
import { patchStatus } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { abortPatch } from '../patches/lifecycle.ts';
import { type Session, printLine } from '../session.ts';

export function registerAbort(program: Command, session: Session): void {
  const command = program
    .command('abort')
    .description('stop the update of Rollouts and go back to their stable version')
    .argument('<ROLLOUT...>')
    .action(async (names: string[]) => {
      const client = await session.client();
      for (const name of names) {
        await patchStatus(client, resources.rollouts, name, abortPatch);
        printLine(session, `rollout '${name}' aborted`);
      }
    });
  completesWith(command, resources.rollouts);
}
