import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isKubeError } from '@sluice/kube';
import { Failure } from '../first-stage/failure.mjs';
import { createChildren } from './children.ts';
import type { Children, Logs } from './children.ts';

/** What one command of ours starts, and all of it ends with the command. */
export interface Session {
  readonly children: Children;
  /** A folder that is removed at the end. */
  readonly temp: string;
  /** Aborted when the session ends, for whatever reason. */
  readonly signal: AbortSignal;
  /** Runs `action` at the end, after the children were stopped; the last one that was added runs first. */
  atEnd(action: () => Promise<void> | void): void;
}

/** Where the children's logs go: `'stderr'`, or a function of the session's temporary folder. */
export type LogsOf = 'stderr' | ((temp: string) => string);

/**
 * Runs `body` and ends the process: with the code that it answers, with 0 when a signal asked for the end, and with 1 and one
 * line on stderr when it threw a Failure or a child was lost. Whatever happens, all children are stopped and `temp` is removed.
 */
export async function runSession(logs: LogsOf, body: (session: Session) => Promise<number>): Promise<never> {
  const temp = process.env['SLUICE_TEMP'] || fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-'));
  // The folder is this session's, and not of sessions that it starts.
  delete process.env['SLUICE_TEMP'];
  const children = createChildren(placeOf(logs, temp));
  const end = new AbortController();
  const actions: (() => Promise<void> | void)[] = [];
  const session: Session = { children, temp, signal: end.signal, atEnd: (action) => void actions.push(action) };
  let code: number;
  try {
    code = await Promise.race([body(session), children.lost, untilAskedToEnd()]);
  } catch (error) {
    console.error(isTold(error) ? `sluice: ${error.message}` : error);
    code = 1;
  }
  end.abort();
  await children.stop();
  for (const action of actions.toReversed()) await Promise.resolve(action()).catch(() => {});
  fs.rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code);
}

// What a cluster refused is in the message; where in our code it was asked for helps nobody.
function isTold(error: unknown): error is Error {
  return error instanceof Failure || isKubeError(error);
}

function placeOf(logs: LogsOf, temp: string): Logs {
  if (logs === 'stderr') return 'stderr';
  const folder = logs(temp);
  fs.mkdirSync(folder, { recursive: true });
  return { folder };
}

function untilAskedToEnd(): Promise<number> {
  return new Promise((resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(0));
    // The first stage is gone, however it went; without its channel to it this session belongs to nobody.
    process.on('disconnect', () => resolve(0));
    // Nobody reads any more (npm start | head).
    process.stdout.on('error', () => resolve(0));
    process.stderr.on('error', () => resolve(0));
    process.on('uncaughtException', reject);
    process.on('unhandledRejection', reject);
  });
}
