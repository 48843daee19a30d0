import { spawn } from 'node:child_process';
import type { Session } from './session.ts';

/** How a program ended, and what it printed when that was collected. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end, and ends it with the session. Its output is shown as it comes, or collected. Throws when it cannot be started. */
export function runProgram(
  session: Session,
  command: string,
  args: readonly string[],
  { output, cwd }: { readonly output: 'show' | 'collect'; readonly cwd?: string },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const stream = output === 'show' ? 'inherit' : 'pipe';
    const child = spawn(command, args, {
      stdio: ['ignore', stream, stream],
      signal: session.signal,
      ...(cwd && { cwd }),
    });
    const printed: Buffer[] = [];
    for (const from of [child.stdout, child.stderr]) from?.on('data', (data: Buffer) => printed.push(data));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(printed).toString() }));
  });
}
