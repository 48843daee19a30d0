// Checks examples/plugins/python-metric against each rule of the contract: npm run -w @sluice/conformance check:python-example
// Needs python3 with venv and pip, and the registry of its packages; says so in one line where they are missing. The last line is "N passed, N failed".
import { createSuite, runSuite, textOf } from '../src/index.ts';
import { NoPython, prepareEnvironment } from './environment.ts';
import type { PythonEnvironment } from './environment.ts';
import { startExample, without } from './start.ts';

const environment = await prepareEnvironment().catch((error: unknown) => {
  if (!(error instanceof NoPython)) throw error;
  console.log(
    `left out: there is no Python with the packages of the example here: ${error.message}\n0 passed, 0 failed`,
  );
});
if (environment !== undefined) process.exitCode = (await failuresOf(environment)) === 0 ? 0 : 1;

async function failuresOf(python: PythonEnvironment): Promise<number> {
  const started = await startExample(python);
  const suite = createSuite({ ...started, target: { ...started.target, type: 'metric' } });
  try {
    const report = await runSuite(suite);
    console.log(textOf(report));
    // What cannot be checked counts as failed, unless the example has nothing of the kind.
    const lost = suite.checks.filter(({ rule, title, needs }) => {
      const found = report.rules.find(({ id }) => id === rule.id)?.checks.find((check) => check.title === title);
      return found?.result.outcome === 'left out' && !needs.some((need) => without.some((each) => each === need));
    });
    for (const { title } of lost) console.log(`left out without need: ${title}`);
    const failed = report.failed + lost.length;
    console.log(`${report.passed} passed, ${failed} failed`);
    return failed;
  } finally {
    suite.close();
    await started.stop();
  }
}
