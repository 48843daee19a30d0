// node tools/chaos/experiments.ts [--experiments 60] [--at-once 6] [--rate 50] [--seed N] [--minutes 3]
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkLoggedErrors, errorsInLogs, lengthsOfLogs, root, runSession } from '@sluice/tools-start';
import { expectedErrors } from './src/expected-errors.ts';
import { runExperimentChaos } from './src/run-experiment-chaos.ts';

const usage = `usage: node tools/chaos/experiments.ts [--experiments 60] [--at-once 6] [--rate 50] [--seed N] [--minutes 3]
Runs experiments with known ends, alone and as steps of Rollouts behind Istio that clients use, while the experiment-manager, the analysis-runner, the controller and the
router are killed. Ends with 1 when one does not end so within --minutes, when it leaves anything behind, or when a request failed that a right order would have answered.`;

const folder = path.join(root, '.cache/logs/chaos');
await runSession(
  () => folder,
  async (session) => {
    const { values } = parseArgs({
      options: {
        experiments: { type: 'string', default: '60' },
        'at-once': { type: 'string', default: '6' },
        rate: { type: 'string', default: '50' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        minutes: { type: 'string', default: '3' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      console.log(usage);
      return 0;
    }
    fs.mkdirSync(folder, { recursive: true });
    console.log(`seed ${values.seed}`);
    const before = lengthsOfLogs(folder);
    const { seconds, cases, done, totals, mistakes } = await runExperimentChaos(session, {
      experiments: Number(values.experiments),
      atOnce: Number(values['at-once']),
      rate: Number(values.rate),
      seed: Number(values.seed),
      patienceMs: Number(values.minutes) * 60_000,
      folder,
      say: (line) => console.log(line),
    });
    console.log(
      [
        '',
        `${values.experiments} experiments in ${seconds.toFixed(0)} s: ${JSON.stringify(cases)}`,
        `done to them: ${JSON.stringify(done)}`,
        `${totals.requests} requests of clients, ${totals.failed} failed, ${totals.avoidable} of them for want of order`,
        `mistakes: ${mistakes.length}`,
        ...mistakes.slice(0, 20).map((mistake) => `  ${mistake}`),
      ].join('\n'),
    );
    const isClean = checkLoggedErrors(errorsInLogs(folder, before), expectedErrors, (line) => console.log(line));
    return mistakes.length === 0 && isClean ? 0 : 1;
  },
);
