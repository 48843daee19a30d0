import { type CallObservation, type KubeClient, createClient } from '@sluice/kube';
import { Command, CommanderError } from 'commander';
import { registerAbort } from './commands/abort.ts';
import { registerAnalysis } from './commands/analysis-try.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerCreate } from './commands/create.ts';
import { registerExplain } from './commands/explain.ts';
import { registerGetExperiment } from './commands/get-experiment.ts';
import { registerGetRollout } from './commands/get-rollout.ts';
import { registerLint } from './commands/lint.ts';
import { registerListExperiments } from './commands/list-experiments.ts';
import { registerListRollouts } from './commands/list-rollouts.ts';
import { registerPause } from './commands/pause.ts';
import { registerPromote } from './commands/promote.ts';
import { registerRestart } from './commands/restart.ts';
import { registerRetry } from './commands/retry.ts';
import { registerSet } from './commands/set-image.ts';
import { registerStatus } from './commands/status.ts';
import { registerTerminate } from './commands/terminate.ts';
import { registerUndo } from './commands/undo.ts';
import { registerVersion } from './commands/version.ts';
import { SilentFailure, UsageError, describeError } from './errors.ts';
import { repeated } from './flags.ts';
import type { GlobalFlags, Session, Terminal } from './session.ts';

/** What a run has come to so far, for its errors and its end. */
interface Open {
  client?: KubeClient;
  command?: Command;
}

/**
 * Runs one command line.
 *
 * @param args without the program's own name
 * @returns the exit status: 0, or 1 after an `Error: …` line on standard error
 */
export async function runCli(args: readonly string[], terminal: Terminal, programName = 'sluice'): Promise<number> {
  const open: Open = {};
  const program = buildProgram(terminal, programName, open);
  try {
    await program.parseAsync(booleanFlags(args), { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof SilentFailure) return 1;
    const server = open.client === undefined ? undefined : { address: open.client.server, source: open.client.source };
    terminal.writeError(`Error: ${describeError(error, server)}\n`);
    if (error instanceof UsageError) terminal.writeError(`\n${(open.command ?? program).helpInformation()}`);
    return 1;
  } finally {
    open.client?.close();
  }
}

function buildProgram(terminal: Terminal, programName: string, open: Open): Command {
  const program = new Command(programName)
    .description('Progressive delivery for Kubernetes: see and steer Rollouts, Experiments and analyses.')
    .option('--kubeconfig <FILE>', 'the kubeconfig to use; $KUBECONFIG or ~/.kube/config when absent')
    .option('--context <NAME>', 'the context of the kubeconfig to use')
    .option('-n, --namespace <NAMESPACE>', 'the namespace to work in')
    .option('--as <USER>', 'act as another user')
    .option('--as-group <GROUP>', 'act as a member of this group; can be repeated', repeated)
    .option('-v, --kloglevel <LEVEL>', 'from 6 on, show every call to the API server')
    .option('--loglevel <LEVEL>', 'debug shows every call to the API server', 'info');
  // Set before the subcommands are made, because they inherit it.
  program
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.writeError(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError()
    .showSuggestionAfterError()
    .hook('preAction', (_program, command) => {
      open.command = command;
    });
  const session: Session = {
    terminal,
    async client() {
      open.client ??= await createClient({
        ...connectionOptions(program.opts<GlobalFlags>(), terminal),
        userAgent: 'sluice-cli',
      });
      return open.client;
    },
  };
  registerCommands(program, session);
  return program;
}

function registerCommands(program: Command, session: Session): void {
  const get = program.command('get').description('show a Rollout or an Experiment');
  registerGetRollout(get, session);
  registerGetExperiment(get, session);
  const list = program.command('list').description('list Rollouts or Experiments');
  registerListRollouts(list, session);
  registerListExperiments(list, session);
  registerStatus(program, session);
  registerExplain(program, session);
  registerSet(program, session);
  registerPromote(program, session);
  registerPause(program, session);
  registerAbort(program, session);
  registerRetry(program, session);
  registerRestart(program, session);
  registerUndo(program, session);
  registerTerminate(program, session);
  registerCreate(program, session);
  registerLint(program, session);
  registerAnalysis(program, session);
  registerCompletion(program, session);
  registerVersion(program, session);
}

function connectionOptions(flags: GlobalFlags, terminal: Terminal) {
  const { kubeconfig, context, namespace, as: user, asGroup: groups } = flags;
  const showCalls = Number(flags.kloglevel ?? 0) >= 6 || flags.loglevel === 'debug' || flags.loglevel === 'trace';
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(user === undefined ? {} : { impersonate: { user, ...(groups === undefined ? {} : { groups }) } }),
    ...(showCalls ? { onCall: (call: CallObservation) => terminal.writeError(`${describeCall(call)}\n`) } : {}),
  };
}

function describeCall({ method, path, code, durationMs }: CallObservation): string {
  return `${method} ${path} ${code} in ${Math.round(durationMs)} ms`;
}

// Go programs take `--watch=false`; commander knows `--watch` and `--no-watch`.
function booleanFlags(args: readonly string[]): string[] {
  return args.flatMap((arg) => {
    const [, name, value] =
      /^--(watch|no-color|run-jobs|full|timestamps|all-namespaces|global|short|skip-current-step|skip-all-steps)=(true|false)$/.exec(
        arg,
      ) ?? [];
    if (name === undefined) return [arg];
    if (value === 'true') return [`--${name}`];
    return name === 'watch' ? ['--no-watch'] : [];
  });
}
