import { createInformer, resources } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import type { Command } from 'commander';
import { findWorkload, readRollout } from '../cluster.ts';
import { completesWith } from '../completion.ts';
import { CommandError, SilentFailure } from '../errors.ts';
import { durationFlag } from '../flags.ts';
import { drawWhileWatching } from '../live.ts';
import { type Session, printLine } from '../session.ts';
import { type Phase, rolloutPhase } from '../view/phase.ts';

interface Flags {
  readonly watch: boolean;
  readonly timeout: number;
}

export function registerStatus(program: Command, session: Session): void {
  const command = program
    .command('status')
    .description('print the status of a Rollout, and wait until it is Healthy or Degraded')
    .argument('<ROLLOUT>')
    .option('-w, --watch', 'wait until the Rollout is Healthy or Degraded', true)
    .option('--no-watch', 'print the status once; the same as --watch=false')
    .option('-t, --timeout <DURATION>', 'stop waiting after this long, e.g. 5m; 0 never', durationFlag('timeout'), 0)
    .action((name: string, flags: Flags) =>
      flags.watch ? watchStatus(session, name, flags.timeout) : showStatus(session, name),
    );
  completesWith(command, resources.rollouts);
}

async function showStatus(session: Session, name: string): Promise<void> {
  const client = await session.client();
  const rollout = await readRollout(client, name);
  const phase = rolloutPhase(rollout, await findWorkload(client, rollout));
  printLine(session, isEnd(phase) ? phase.phase : `${phase.phase} - ${phase.message}`);
  failIfDegraded(phase);
}

async function watchStatus(session: Session, name: string, timeoutMs: number): Promise<void> {
  const client = await session.client();
  // A Rollout that is not there, or may not be read, is an error at once.
  let rollout: Rollout | undefined = await readRollout(client, name);
  const workload = await findWorkload(client, rollout);
  const informer = createInformer<Rollout>({
    client,
    ref: resources.rollouts,
    namespaces: [client.namespace],
    fieldSelector: `metadata.name=${name}`,
  });
  informer.start();
  let phase = rolloutPhase(rollout, workload);
  let shown: string | undefined;
  try {
    const ended = await drawWhileWatching(
      session,
      (changed) => void informer.onChange(changed),
      timeoutMs,
      () => {
        if (informer.synced) rollout = informer.get(client.namespace, name);
        if (rollout === undefined) throw new CommandError(`rollout "${name}" has been deleted`);
        phase = rolloutPhase(rollout, workload);
        const line = phase.message === '' ? phase.phase : `${phase.phase} - ${phase.message}`;
        if (line !== shown) printLine(session, line);
        shown = line;
        return isEnd(phase) ? 'done' : 'more';
      },
    );
    failIfDegraded(phase);
    if (ended === 'timeout') throw new CommandError('Rollout status watch exceeded timeout');
    if (ended === 'stopped') throw new SilentFailure();
  } finally {
    await informer.stop();
  }
}

function isEnd({ phase }: Phase): boolean {
  return phase === 'Healthy' || phase === 'Degraded';
}

function failIfDegraded({ phase, message }: Phase): void {
  if (phase === 'Degraded') throw new CommandError(`The rollout is in a degraded state with message: ${message}`);
}
