import { expect, it } from 'vitest';
import { unexpectedErrors } from '@sluice/tools-start';
import { expectedErrors } from '../src/expected-errors.ts';
import { runChaos } from '../src/run-chaos.ts';

// Short: tools/chaos/run.ts plays more.
it('no request fails that a right order would have answered, while rollouts move and services are killed', async () => {
  const { totals, kills, unfinished, errors } = await runChaos({
    histories: 4,
    rate: 100,
    seed: 1,
    atOnce: 4,
    say: () => undefined,
  });
  console.log(
    `${totals.requests} requests, ${totals.failed} failed, ${totals.avoidable} avoidable; killed: ${JSON.stringify(kills)}`,
  );
  expect(unfinished).toEqual([]);
  expect(unexpectedErrors(errors, expectedErrors).map(({ service, line }) => `${service}: ${line}`)).toEqual([]);
  expect(totals.requests).toBeGreaterThan(200);
  expect(totals.avoidable).toBe(0);
});
