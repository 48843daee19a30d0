import { resources } from '@sluice/kube';
import type { Command } from 'commander';
import { patchObject } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { terminatePatch } from '../patches/lifecycle.ts';
import { type Session, printLine } from '../session.ts';

export function registerTerminate(program: Command, session: Session): void {
  const terminate = program.command('terminate').description('end an AnalysisRun or an Experiment early');
  const analysisRun = terminate
    .command('analysisrun')
    .aliases(['ar', 'analysisruns'])
    .description('end AnalysisRuns early; what was measured until then decides')
    .argument('<ANALYSISRUN...>')
    .action(async (names: string[]) => {
      const client = await session.client();
      for (const name of names) {
        await patchObject(client, resources.analysisRuns, name, terminatePatch);
        printLine(session, `analysisRun '${name}' terminated`);
      }
    });
  const experiment = terminate
    .command('experiment')
    .aliases(['exp', 'experiments'])
    .description('end Experiments early and scale their pods down')
    .argument('<EXPERIMENT...>')
    .action(async (names: string[]) => {
      const client = await session.client();
      for (const name of names) {
        await patchObject(client, resources.experiments, name, terminatePatch);
        // "retried" is what scripts have always been given to match on.
        printLine(session, `experiment '${name}' retried`);
      }
    });
  completesWith(analysisRun, resources.analysisRuns);
  completesWith(experiment, resources.experiments);
}
