// node tools/chaos/analysis.ts [--runs 500] [--seed N] [--minutes 10]
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkLoggedErrors, errorsInLogs, lengthsOfLogs, root, runSession } from '@sluice/tools-start';
import { expectedErrors } from './src/expected-errors.ts';
import { runAnalysisChaos } from './src/run-analysis-chaos.ts';

const usage = `usage: node tools/chaos/analysis.ts [--runs 500] [--seed N] [--minutes 10]
Measures AnalysisRuns with known answers, each second, while Redis is killed and emptied, workers and schedulers are killed, and the provider hangs. Ends with 1 when a
verdict is not the known one, when one is missing, or when a measurement was counted twice or not at all.`;

const folder = path.join(root, '.cache/logs/chaos');
await runSession(
  () => folder,
  async (session) => {
    const { values } = parseArgs({
      options: {
        runs: { type: 'string', default: '500' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        minutes: { type: 'string', default: '10' },
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
    const result = await runAnalysisChaos(session, {
      runs: Number(values.runs),
      seed: Number(values.seed),
      patienceMs: Number(values.minutes) * 60_000,
      folder,
      say: (line) => console.log(line),
    });
    console.log(
      [
        '',
        `${values.runs} runs in ${result.seconds.toFixed(0)} s, known verdicts ${JSON.stringify(result.verdicts)}`,
        `done to them: ${JSON.stringify(result.done)}`,
        `measurements: ${result.measurements}, for which the provider was asked ${result.asked} times`,
        `mistakes: ${result.mistakes.length}`,
        ...result.mistakes.slice(0, 20).map((mistake) => `  ${mistake}`),
      ].join('\n'),
    );
    const isClean = checkLoggedErrors(errorsInLogs(folder, before), expectedErrors, (line) => console.log(line));
    return result.mistakes.length === 0 && isClean ? 0 : 1;
  },
);
