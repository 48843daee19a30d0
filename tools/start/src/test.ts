import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from '../first-stage/workspace.mjs';
import { runSession } from './session.ts';
import { addUp, readVitestReport, summaryLines } from './test-results.ts';
import type { SuiteResult } from './test-results.ts';

// npm test, second stage: formatting, lint rules, types and every test; with arguments just the tests that they select.
const selected = process.argv.slice(2);
const bin = (name: string) => path.join(root, 'node_modules/.bin', name);
const running = new Set<ReturnType<typeof spawn>>();

await runSession('stderr', async (session) => {
  session.atEnd(() => running.forEach((child) => child.kill('SIGTERM')));
  const checks = selected.length > 0 ? [] : await runChecks();
  const results = [...checks, await runVitest(path.join(session.temp, 'vitest.json'))];
  const sum = addUp(results);
  console.log(`\n${summaryLines(results).join('\n')}\n${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed > 0 ? 1 : 0;
});

function runChecks(): Promise<SuiteResult[]> {
  return Promise.all([
    check('formatting', bin('prettier'), ['--check', '--log-level', 'warn', '.'], 'npm run format'),
    check('types', bin('tsc'), ['-p', 'tsconfig.json'], 'npm run typecheck').then(async (types) => [
      types,
      // One after the other: both load the whole program, and there may be two cores.
      await check('lint rules', bin('eslint'), ['--max-warnings', '0', '.'], 'npm run lint'),
    ]),
  ]).then((results) => results.flat());
}

async function check(name: string, command: string, args: string[], mend: string): Promise<SuiteResult> {
  const { code, output } = await run(command, args, 'collect');
  if (code === 0) console.log(`ok      ${name}`);
  else console.log(`FAILED  ${name} (${mend})\n${output.trimEnd()}\n`);
  return { name, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
}

async function runVitest(report: string): Promise<SuiteResult> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run(bin('vitest'), ['run', ...reporters, ...selected], 'show');
  return readVitestReport(report, code);
}

function run(command: string, args: string[], output: 'show' | 'collect'): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const stdio = output === 'show' ? 'inherit' : 'pipe';
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', stdio, stdio] });
    running.add(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (text += data.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, output: text });
    });
  });
}
