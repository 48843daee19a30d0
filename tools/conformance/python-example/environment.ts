import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { glob, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../../..');
export const example = join(root, 'examples/plugins/python-metric');
const contracts = join(root, 'libs/contracts/proto');
const folder = join(root, '.cache/python-example');
const mark = join(folder, 'made-from');

const run = promisify(execFile);

/** A Python that can run the example. */
export interface PythonEnvironment {
  readonly python: string;
  readonly env: NodeJS.ProcessEnv;
}

const environment: PythonEnvironment = {
  python: join(folder, 'venv/bin/python'),
  env: { ...process.env, PYTHONPATH: join(folder, 'gen'), PYTHONDONTWRITEBYTECODE: '1' },
};

/** The one that `prepareEnvironment` has made, as long as it fits to the example and the contract; undefined otherwise. */
export async function preparedEnvironment(): Promise<PythonEnvironment | undefined> {
  const madeFrom = await readFile(mark, 'utf8').catch(() => undefined);
  return madeFrom === (await fingerprint()) ? environment : undefined;
}

/** This machine has no Python with venv and pip, or no packages for it. The message is one line. */
export class NoPython extends Error {}

/** Installs packages from the registry of Python, and generates code from the contract, below .cache. Throws NoPython. */
export async function prepareEnvironment(): Promise<PythonEnvironment> {
  const prepared = await preparedEnvironment();
  if (prepared !== undefined) return prepared;
  await rm(folder, { recursive: true, force: true });
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
  try {
    await run('python3', ['-m', 'venv', join(folder, 'venv')]);
    await run(environment.python, [...install, '-r', join(example, 'requirements.txt')]);
  } catch (cause) {
    const { stdout = '', stderr = '', message } = cause as Error & { stdout?: string; stderr?: string };
    const said = [...stdout.split('\n'), ...stderr.split('\n')].filter((line) => line.trim() !== '');
    throw new NoPython(said.at(-1) ?? message, { cause });
  }
  await run(environment.python, [join(example, 'generate.py'), join(folder, 'gen')]);
  await writeFile(mark, await fingerprint());
  return environment;
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const protos: string[] = [];
  for await (const file of glob('sluice/{plugin,metric}/**/*.proto', { cwd: contracts })) protos.push(file);
  const files = protos.sort().map((file) => join(contracts, file));
  for (const file of [join(example, 'requirements.txt'), ...files]) hash.update(await readFile(file));
  return hash.digest('hex');
}
