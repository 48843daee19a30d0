import { basename } from 'node:path';
import { runCli } from './cli.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
// A reader that has seen enough (`sluice list rollouts | head -1`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(
  process.argv.slice(2),
  {
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
    now: () => Date.now(),
    env: process.env,
    signal: stop.signal,
    isScreen: process.stdout.isTTY === true,
  },
  basename(process.argv[1] ?? '').startsWith('kubectl-') ? 'kubectl sluice' : 'sluice',
);
