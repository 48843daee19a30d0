import os from 'node:os';
import path from 'node:path';
import { root } from '../first-stage/workspace.mjs';
import { runProgram } from './program.ts';
import { runSession } from './session.ts';
import type { Session } from './session.ts';
import { addUp, readVitestReport, summaryLines } from './test-results.ts';
import type { SuiteResult } from './test-results.ts';

// npm test, second stage: formatting, lint rules, types and every test; with arguments just the tests that they select.
const selected = process.argv.slice(2);
const bin = (name: string) => path.join(root, 'node_modules/.bin', name);

await runSession('stderr', async (session) => {
  const checks = selected.length > 0 ? [] : await runChecks(session);
  const results = [...checks, await runVitest(session)];
  const sum = addUp(results);
  console.log(`\n${summaryLines(results).join('\n')}\n${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed > 0 ? 1 : 0;
});

function runChecks(session: Session): Promise<SuiteResult[]> {
  const check = (name: string, command: string, args: string[], mend: string) =>
    runCheck(session, { name, command: bin(command), args, mend });
  return Promise.all([
    check('formatting', 'prettier', ['--check', '--log-level', 'warn', '.'], 'npm run format'),
    check('types', 'tsc', ['-p', 'tsconfig.json'], 'npm run typecheck').then(async (types) => [
      types,
      // The rule that holds the direction of dependencies reads nx's graph of the projects, and is skipped where there is none yet.
      ...(await prepareGraph(session)),
      // One after the other: both load the whole program, and there may be two cores.
      await check('lint rules', 'eslint', ['--max-warnings', '0', '.'], 'npm run lint'),
    ]),
  ]).then((results) => results.flat());
}

/** Nothing when it went well. */
async function prepareGraph(session: Session): Promise<SuiteResult[]> {
  const { code, output } = await runProgram(session, bin('nx'), ['show', 'projects'], { output: 'collect', cwd: root });
  if (code === 0) return [];
  console.log(`FAILED  graph of the projects (npx nx show projects)\n${output.trimEnd()}\n`);
  return [{ name: 'graph of the projects', passed: 0, failed: 1 }];
}

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** What to type when it fails. */
  readonly mend: string;
}

async function runCheck(session: Session, { name, command, args, mend }: Check): Promise<SuiteResult> {
  const { code, output } = await runProgram(session, command, args, { output: 'collect', cwd: root });
  if (code === 0) console.log(`ok      ${name}`);
  else console.log(`FAILED  ${name} (${mend})\n${output.trimEnd()}\n`);
  return { name, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
}

async function runVitest(session: Session): Promise<SuiteResult> {
  const report = path.join(session.temp, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // Machines are shared, small and noisy: a test fails because something is wrong, never because it was slow.
  const patience = ['--testTimeout=240000', '--hookTimeout=120000'];
  // Most files wait for something most of the time: one for each core would leave the cores idle.
  const workers = `--maxWorkers=${os.availableParallelism() + 1}`;
  // Files that share a worker share what they import as well: anew for each, that was a third of the time.
  const shared = [workers, '--no-isolate'];
  const options = ['run', ...patience, ...shared, ...reporters, ...selected];
  const { code } = await runProgram(session, bin('vitest'), options, { output: 'show', cwd: root });
  return readVitestReport(report, code);
}
