import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const contractsDirectory = fileURLToPath(new URL('..', import.meta.url));

const run = promisify(execFile);
const packageFile = createRequire(import.meta.url).resolve('@bufbuild/buf/package.json');
const binaries = join(dirname(packageFile), '..', '..', '.bin');

/** Runs buf in this directory. Throws with all that buf said when it ends with anything but 0. */
export async function buf(...args: string[]): Promise<string> {
  // buf finds the generator plugin on PATH, and that plugin's first line asks for `node`: the one that runs now.
  const path = [dirname(process.execPath), binaries, process.env['PATH'] ?? ''].join(delimiter);
  try {
    const { stdout } = await run(process.execPath, [join(dirname(packageFile), 'bin', 'buf'), ...args], {
      cwd: contractsDirectory,
      env: { ...process.env, PATH: path },
    });
    return stdout;
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    throw new Error(`buf ${args[0]} found:\n${stdout}${stderr}`, { cause });
  }
}
