// Checks examples/plugins/python-metric against each rule of the contract: node tools/conformance/python-example/check.ts
// Needs python3 and the registry of its packages. The last line is "N passed, N failed".
import { createSuite, runSuite, textOf } from '../src/index.ts';
import { prepareEnvironment } from './environment.ts';
import { startExample, without } from './start.ts';

const started = await startExample(await prepareEnvironment());
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
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  suite.close();
  await started.stop();
}
