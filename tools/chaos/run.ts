// node tools/chaos/run.ts [--histories 50] [--rate 200] [--seed N] [--at-once 5]
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkLoggedErrors, Failure, root, runSession } from '@sluice/tools-start';
import { expectedErrors } from './src/expected-errors.ts';
import { runChaos } from './src/run-chaos.ts';

const usage = `usage: node tools/chaos/run.ts [--histories 50] [--rate 200] [--seed N] [--at-once 5]
Plays random histories (updates, aborts, superseding, undo, scaling) of Rollouts behind the three routers under continuous traffic, while the controller and the
routers are killed. Ends with 1 when a request failed that a right order would have answered, when a Rollout does not come to its end, or
when a service writes an unexpected error into its log.`;

function atLeastOne(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Failure(`--${name} ${text}: use a whole number from 1`);
  return value;
}

await runSession(
  () => path.join(root, '.cache/logs/chaos'),
  async ({ signal }) => {
    const { values } = parseArgs({
      options: {
        histories: { type: 'string', default: '50' },
        rate: { type: 'string', default: '200' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        'at-once': { type: 'string', default: '5' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      console.log(usage);
      return 0;
    }
    const seed = atLeastOne('seed', values.seed);
    console.log(`seed ${seed}`);
    const { load, totals, kills, byReason, unfinished, errors } = await runChaos({
      histories: atLeastOne('histories', values.histories),
      rate: atLeastOne('rate', values.rate),
      atOnce: atLeastOne('at-once', values['at-once']),
      seed,
      say: (line) => console.log(line),
      signal,
    });
    console.log(
      [
        '',
        `${totals.requests} requests in ${(load.durationMs / 1000).toFixed(0)} s (${JSON.stringify(totals.byVia)})`,
        `killed: controller ${kills.controller} times, routers ${kills.routers} times`,
        `failed: ${totals.failed} ${totals.failed > 0 ? JSON.stringify(byReason) : ''}`,
        `avoidable failures: ${totals.avoidable}`,
        `histories that did not end as they should: ${unfinished.length}`,
        ...unfinished.map(({ history, why }) => `  ${why}\n    ${JSON.stringify(history)}`),
      ].join('\n'),
    );
    const isClean = checkLoggedErrors(errors, expectedErrors, (line) => console.log(line));
    return unfinished.length === 0 && isClean ? 0 : 1;
  },
);
