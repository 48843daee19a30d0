import { resources } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import type { Command } from 'commander';
import { findOwner, inNamespace, readExperiment, readOwned } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { CommandError } from '../errors.ts';
import { drawWhileWatching, watchSubject } from '../live.ts';
import { createRedraw, painter, withScreenFlags } from '../screen.ts';
import { type Session, printLine } from '../session.ts';
import { compareVersions, renderComparison, weightsOfExperiments } from '../view/comparison.ts';
import type { Weights } from '../view/comparison.ts';
import { experimentInfo } from '../view/experiment.ts';
import { renderExperimentHeader } from '../view/header.ts';
import type { Paint } from '../view/icons.ts';
import type { ExperimentInfo } from '../view/info.ts';
import { renderExperimentTree } from '../view/tree.ts';

interface Flags {
  readonly watch?: boolean;
  readonly color?: boolean;
  /** Where it is, if not in the client's namespace. */
  readonly namespace?: string;
}

export function registerGetExperiment(get: Command, session: Session): void {
  const command = withScreenFlags(
    get
      .command('experiment')
      .aliases(['exp', 'experiments'])
      .description('show an Experiment with its ReplicaSets, pods and analyses')
      .argument('<EXPERIMENT>'),
  ).action((name: string, flags: Flags) =>
    flags.watch === true ? watchExperiment(session, name, flags) : showExperiment(session, name, flags),
  );
  completesWith(command, resources.experiments);
}

async function showExperiment(session: Session, name: string, flags: Flags): Promise<void> {
  const client = await session.client();
  const experiment = await readExperiment(client, name);
  const [owned, owner] = await Promise.all([readOwned(client), findOwner(client, experiment)]);
  const info = experimentInfo(experiment, owned);
  const paint = painter(session, flags);
  for (const line of renderExperiment(info, weightsGivenBy(owner), session.terminal.now(), paint))
    printLine(session, line);
}

/** Also what `create -w` does once it has created an Experiment. */
export async function watchExperiment(session: Session, name: string, flags: Flags): Promise<void> {
  const client = inNamespace(await session.client(), flags.namespace);
  const live = await watchSubject(
    client,
    resources.experiments,
    await readExperiment(client, name),
    session.terminal.signal,
  );
  const redraw = createRedraw(session);
  try {
    await drawWhileWatching(session, live.onChange, 0, () => {
      const experiment = live.subject();
      if (experiment === undefined) throw new CommandError(`experiment "${name}" has been deleted`);
      const info = experimentInfo(experiment, live.owned());
      const weights = weightsGivenBy(live.owner());
      redraw((nowMs) => renderExperiment(info, weights, nowMs, painter(session, flags)), live.trouble());
      return 'more';
    });
  } finally {
    await live.stop();
  }
}

const weightsGivenBy = (owner: Rollout | undefined): Weights => weightsOfExperiments(owner ?? {});

/** What other clients show, and below it what was measured of each version. */
function renderExperiment(info: ExperimentInfo, weights: Weights, nowMs: number, paint: Paint): string[] {
  const comparison = renderComparison(compareVersions(info, weights), paint);
  return [
    ...renderExperimentHeader(info, paint),
    '',
    ...renderExperimentTree(info, nowMs, paint),
    ...(comparison.length === 0 ? [] : ['', ...comparison]),
  ];
}
