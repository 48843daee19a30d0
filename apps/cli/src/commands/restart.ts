import { resources } from '@sluice/kube';
import type { Command } from 'commander';
import { patchObject } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { durationFlag } from '../flags.ts';
import { restartPatch } from '../patches/lifecycle.ts';
import { type Session, printLine } from '../session.ts';
import { shortDuration } from '../view/duration.ts';

export function registerRestart(program: Command, session: Session): void {
  const command = program
    .command('restart')
    .description('replace the pods of Rollouts by new ones of the same version')
    .argument('<ROLLOUT...>')
    .option('-i, --in <DURATION>', 'wait this long first, e.g. 10s or 1h', durationFlag('in'))
    .action(async (names: string[], flags: { in?: number }) => {
      const delayMs = flags.in ?? 0;
      const client = await session.client();
      for (const name of names) {
        await patchObject(client, resources.rollouts, name, restartPatch(session.terminal.now() + delayMs));
        printLine(session, `rollout '${name}' restarts in ${shortDuration(delayMs)}`);
      }
    });
  completesWith(command, resources.rollouts);
}
