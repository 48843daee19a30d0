import { resources } from '@sluice/kube';
import type { Experiment } from '@sluice/model';
import type { Command } from 'commander';
import { patchObject, patchStatus } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { retryExperimentPatch, retryRolloutPatch } from '../patches/lifecycle.ts';
import { type Session, printLine } from '../session.ts';

const endsAgain = 'has been terminated and ends again at once: take spec.terminate out of it before it is retried';

export function registerRetry(program: Command, session: Session): void {
  const retry = program.command('retry').description('start an aborted Rollout or an ended Experiment again');
  const rollout = retry
    .command('rollout')
    .aliases(['ro', 'rollouts'])
    .description('start aborted updates again, from the first step')
    .argument('<ROLLOUT...>')
    .action(async (names: string[]) => {
      const client = await session.client();
      for (const name of names) {
        await patchStatus(client, resources.rollouts, name, retryRolloutPatch);
        printLine(session, `rollout '${name}' retried`);
      }
    });
  const experiment = retry
    .command('experiment')
    .aliases(['exp', 'experiments'])
    .description('run Experiments again')
    .argument('<EXPERIMENT...>')
    .action(async (names: string[]) => {
      const client = await session.client();
      for (const name of names) {
        const { spec } = await patchObject<Experiment>(client, resources.experiments, name, retryExperimentPatch);
        printLine(session, `experiment '${name}' retried`);
        if (spec.terminate === true) session.terminal.writeError(`experiment '${name}' ${endsAgain}\n`);
      }
    });
  completesWith(rollout, resources.rollouts);
  completesWith(experiment, resources.experiments);
}
