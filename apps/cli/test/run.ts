import { runCli } from '../src/cli.ts';
import type { FakeApi } from './fake-api.ts';

export interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export const NOW = '2026-11-21T09:34:46Z';

export interface RunOptions {
  readonly now?: string;
  readonly isScreen?: boolean;
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
  /** Called with all output so far, whenever there is more. */
  readonly onOutput?: (out: string) => void;
}

/** Runs one command line in this process, against the fake's kubeconfig unless there is none. */
export async function run(
  api: Pick<FakeApi, 'kubeconfig'> | undefined,
  commandLine: string | string[],
  options: RunOptions = {},
): Promise<Run> {
  let out = '';
  let err = '';
  const words = typeof commandLine === 'string' ? commandLine.split(' ') : commandLine;
  const status = await runCli(api === undefined ? words : ['--kubeconfig', api.kubeconfig, ...words], {
    write(text) {
      out += text;
      options.onOutput?.(out);
    },
    writeError: (text) => void (err += text),
    now: () => Date.parse(options.now ?? NOW),
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
    isScreen: options.isScreen ?? false,
  });
  return { status, out, err };
}
