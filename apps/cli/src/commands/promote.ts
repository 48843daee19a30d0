import { resources } from '@sluice/kube';
import type { Command } from 'commander';
import { patchObject, patchStatus, readObservedRollout } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { CommandError } from '../errors.ts';
import { type PromoteMode, promotePatches } from '../patches/promote.ts';
import { type Session, printLine } from '../session.ts';

interface Flags {
  readonly full?: boolean;
  readonly skipCurrentStep?: boolean;
  readonly skipAllSteps?: boolean;
}

export function registerPromote(program: Command, session: Session): void {
  const command = program
    .command('promote')
    .description('move a Rollout on: out of its pause, or past its current step')
    .argument('<ROLLOUT>')
    .option('--full', 'skip all remaining steps, pauses and analyses')
    .option('-c, --skip-current-step', 'skip the current step (deprecated: promote alone does that)')
    .option('-a, --skip-all-steps', 'skip all remaining steps (deprecated: use --full)')
    .action(async (name: string, flags: Flags) => {
      const mode = modeOf(flags);
      const client = await session.client();
      const patches = promotePatches(await readObservedRollout(client, name), mode);
      if (patches.status !== undefined)
        await patchStatus(client, resources.rollouts, name, patches.status, patches.spec);
      else if (patches.spec !== undefined) await patchObject(client, resources.rollouts, name, patches.spec);
      printLine(session, `rollout '${name}' ${mode === 'full' ? 'fully promoted' : 'promoted'}`);
    });
  completesWith(command, resources.rollouts);
}

function modeOf(flags: Flags): PromoteMode {
  if (flags.skipCurrentStep === true && flags.skipAllSteps === true) {
    throw new CommandError('Cannot use skip-current-step and skip-all-steps flags at the same time');
  }
  if (flags.skipCurrentStep === true) return 'skip-current-step';
  if (flags.skipAllSteps === true) return 'skip-all-steps';
  return flags.full === true ? 'full' : 'next';
}
