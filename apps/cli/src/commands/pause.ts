import { resources } from '@sluice/kube';
import type { Command } from 'commander';
import { patchObject } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { pausePatch } from '../patches/lifecycle.ts';
import { type Session, printLine } from '../session.ts';

export function registerPause(program: Command, session: Session): void {
  const command = program
    .command('pause')
    .description('hold Rollouts where they are, until they are promoted')
    .argument('<ROLLOUT...>')
    .action(async (names: string[]) => {
      const client = await session.client();
      for (const name of names) {
        await patchObject(client, resources.rollouts, name, pausePatch);
        printLine(session, `rollout '${name}' paused`);
      }
    });
  completesWith(command, resources.rollouts);
}
