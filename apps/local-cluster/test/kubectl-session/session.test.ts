// Real kubectl against the local cluster; and, when SLUICE_TEST_KUBECONFIG names one, the same commands against a real control plane, whose
// output has to be the same where it is not the cluster's own. Its output is recorded in recorded.json (SLUICE_TEST_RECORD=1), so that
// machines without a control plane compare too, if their kubectl is of the version that was recorded.
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Target } from '../target.ts';
import { openTarget, withoutChance } from '../target.ts';
import type { Command } from './commands.ts';
import { commands } from './commands.ts';

interface Recording {
  kubectl: string;
  outputs: Record<string, string>;
}

const files = fileURLToPath(new URL('files', import.meta.url));
const file = new URL('recorded.json', import.meta.url);
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Recording;

/** `v1.32`, undefined where there is no kubectl. */
function kubectlVersion(): string | undefined {
  try {
    const out = execFileSync('kubectl', ['version', '--client', '-o', 'json'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const { gitVersion } = (JSON.parse(out.toString()) as { clientVersion: { gitVersion: string } }).clientVersion;
    return gitVersion.split('.').slice(0, 2).join('.');
  } catch {
    return undefined;
  }
}

interface Result {
  readonly ok: boolean;
  readonly output: string;
}

function shell(line: string, target: Target): Promise<Result> {
  const env = {
    PATH: process.env.PATH,
    HOME: target.scratch,
    KUBECONFIG: path.join(target.scratch, 'session.kubeconfig'),
  };
  return new Promise((resolve) => {
    // Errors after output, so that what is printed does not depend on how the two streams meet.
    execFile('bash', ['-c', line], { cwd: files, env, timeout: 120_000, maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, output: `${stdout}\n${stderr}` }),
    );
  });
}

const squeezed = (text: string): string =>
  text
    .replace(/[ \t]+/g, ' ')
    .replace(/ $/gm, '')
    .trim();

function meets(command: Command, { ok, output }: Result): boolean {
  const text = squeezed(output);
  return (
    ok === !command.fails &&
    (command.expect ?? []).every((e) => (typeof e === 'string' ? text.includes(squeezed(e)) : e.test(text)))
  );
}

async function run(command: Command, target: Target): Promise<Result> {
  const end = Date.now() + 60_000;
  for (;;) {
    const result = await shell(command.run, target);
    if (!command.eventually || meets(command, result) || Date.now() > end) return result;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The output without what differs from run to run: names that were made up, addresses, ages, versions. */
function comparable(command: Command, output: string): string {
  const text = command.same === 'before events' ? output.split(/^Events:/m)[0] : output;
  return withoutChance(squeezed(text ?? ''))
    .replace(/\b(web|api|once)-[bcdf0-9ghjklmnpqrstvwxz]{5,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?\b/g, '$1-<hash>')
    .replace(/pod-template-hash=\w+/g, 'pod-template-hash=<hash>')
    .replace(/\b10\.\d+\.\d+\.\d+\b/g, '<ip>')
    .replace(/"resourceVersion":"\d+"/g, '"resourceVersion":"<any>"')
    .replace(/\b(\d+[smhd])+( ago)?\b|<invalid>|<unknown>/g, '<age>')
    .replace(/^\w{3}, \d\d \w{3} \d{4} .*$|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/gm, '<time>')
    .replace(/localhost:\d+|127\.0\.0\.1:\d+/g, '<server>')
    .split('\n')
    .filter((line) => !/managedFields|version difference between client/.test(line))
    .join('\n')
    .replace(/(^\* .*(\n|$))+/gm, (errors) => errors.split('\n').sort().join('\n'));
}

const version = kubectlVersion();
const recording = process.env.SLUICE_TEST_RECORD !== undefined;
const outputs: Record<string, string> = {};

describe.skipIf(version === undefined)('kubectl', () => {
  let target: Target;
  // A kubectl of another version than the recorded one words things in its own way: then both clusters are asked, if there are both.
  let local: Target | undefined;

  beforeAll(async () => {
    target = await openTarget();
    if (target.real && version !== recorded.kubectl) local = await openTarget({ local: true });
    for (const t of local ? [target, local] : [target]) {
      const kubeconfig = readFileSync(t.kubeconfig, 'utf8').replace('namespace: default', 'namespace: session');
      writeFileSync(path.join(t.scratch, 'session.kubeconfig'), kubeconfig, { mode: 0o600 });
    }
  });
  afterAll(async () => {
    if (recording && target.real) writeFileSync(file, `${JSON.stringify({ kubectl: version, outputs }, null, 2)}\n`);
    await target.stop();
    await local?.stop();
  });

  it.each(commands.map((command, i) => [i, command.run, command] as const))(
    '%i: %s',
    { timeout: 240_000 },
    async (i, line, command) => {
      const [result, other] = await Promise.all([run(command, target), local && run(command, local)]);
      expect(
        meets(command, result),
        `expected ${(command.expect ?? []).join(', ')}${command.fails ? ' and failure' : ''}; got:\n${result.output}`,
      ).toBe(true);
      if (command.same === 'not at all') return;
      const key = `${i}: ${line}`;
      outputs[key] = comparable(command, result.output);
      if (other) expect(outputs[key]).toBe(comparable(command, other.output));
      if (recording || recorded.kubectl !== version) return;
      expect(outputs[key]).toBe(recorded.outputs[key]);
    },
  );
});

if (version === undefined)
  describe('kubectl', () => {
    it.skip('was left out: there is no kubectl on the PATH of this machine', () => undefined);
  });
