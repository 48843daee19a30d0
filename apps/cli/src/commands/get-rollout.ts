import { resources } from '@sluice/kube';
import type { Command } from 'commander';
import { findWorkload, inNamespace, readOwned, readRollout } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { CommandError } from '../errors.ts';
import { wholeNumberFlag } from '../flags.ts';
import { drawWhileWatching, watchSubject } from '../live.ts';
import { createRedraw, painter, withScreenFlags } from '../screen.ts';
import { type Session, printLine } from '../session.ts';
import { renderRolloutHeader } from '../view/header.ts';
import type { Paint } from '../view/icons.ts';
import type { RolloutInfo } from '../view/info.ts';
import { rolloutInfo } from '../view/rollout.ts';
import { renderRolloutTree } from '../view/tree.ts';

interface Flags {
  readonly watch?: boolean;
  readonly color?: boolean;
  /** Where it is, if not in the client's namespace. */
  readonly namespace?: string;
  readonly timeoutSeconds: number;
}

export function registerGetRollout(get: Command, session: Session): void {
  const command = withScreenFlags(
    get
      .command('rollout')
      .aliases(['ro', 'rollouts'])
      .description('show a Rollout with its revisions, ReplicaSets, pods, experiments and analyses')
      .argument('<ROLLOUT>'),
  )
    .option(
      '--timeout-seconds <N>',
      'stop watching after this many seconds; 0 never',
      wholeNumberFlag('timeout-seconds'),
      0,
    )
    .action((name: string, flags: Flags) =>
      flags.watch === true ? watchRollout(session, name, flags) : showRollout(session, name, flags),
    );
  completesWith(command, resources.rollouts);
}

async function showRollout(session: Session, name: string, flags: Flags): Promise<void> {
  const client = await session.client();
  const rollout = await readRollout(client, name);
  const [owned, workload] = await Promise.all([readOwned(client), findWorkload(client, rollout)]);
  const info = rolloutInfo(rollout, owned, workload);
  for (const line of renderRollout(info, session.terminal.now(), painter(session, flags))) printLine(session, line);
}

/** Also what `create -w` does once it has created a Rollout. */
export async function watchRollout(session: Session, name: string, flags: Flags): Promise<void> {
  const client = inNamespace(await session.client(), flags.namespace);
  const live = await watchSubject(client, resources.rollouts, await readRollout(client, name), session.terminal.signal);
  const redraw = createRedraw(session);
  try {
    await drawWhileWatching(session, live.onChange, flags.timeoutSeconds * 1000, () => {
      const rollout = live.subject();
      if (rollout === undefined) throw new CommandError(`rollout "${name}" has been deleted`);
      const info = rolloutInfo(rollout, live.owned(), live.workload());
      redraw((nowMs) => renderRollout(info, nowMs, painter(session, flags)), live.trouble());
      return 'more';
    });
  } finally {
    await live.stop();
  }
}

function renderRollout(info: RolloutInfo, nowMs: number, paint: Paint): string[] {
  return [...renderRolloutHeader(info, paint), '', ...renderRolloutTree(info, nowMs, paint)];
}
