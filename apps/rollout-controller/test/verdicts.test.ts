import { expect, test } from 'vitest';
import type { Problem } from '@sluice/contracts';
import type { Rollout } from '@sluice/model';
import { createVerdicts } from '../src/routers/verdicts.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const { signal } = new AbortController();
const rollout = (trafficRouting: object, generation = 1): Rollout => ({
  metadata: { name: 'shop', namespace: 'default', uid: 'uid', generation },
  spec: { strategy: { canary: { stableService: 'shop-stable', canaryService: 'shop-canary', trafficRouting } } },
});
const nginx = { nginx: { stableIngresses: ['here', 'nowhere'] } };
const missing: Problem = { path: 'stableIngresses[1]', message: 'ingress "nowhere" not found' };

function world(answer: () => Promise<readonly Problem[]> | undefined) {
  const time = { now: 1000 };
  const asked: string[] = [];
  const verdicts = createVerdicts({
    validate(_rollout, router) {
      asked.push(router);
      return answer();
    },
    logger: silent,
    now: () => time.now,
  });
  return { verdicts, time, asked };
}

test('what is well is asked once for each generation', async () => {
  const { verdicts, time, asked } = world(async () => []);
  for (const generation of [1, 1, 2]) {
    await verdicts.ask(rollout(nginx, generation), signal);
    time.now += 60_000;
  }
  expect([asked, verdicts.againAt(rollout(nginx, 2))]).toEqual([['nginx', 'nginx'], undefined]);
});

test('what is wrong is told with what stands there, and asked again until it is well', async () => {
  let problems: readonly Problem[] = [missing];
  const { verdicts, time, asked } = world(async () => problems);
  const shop = rollout(nginx);
  await verdicts.ask(shop, signal);
  expect(verdicts.problems(shop)).toEqual([{ router: 'nginx', ...missing, value: 'nowhere' }]);
  await verdicts.ask(shop, signal);
  expect(asked).toHaveLength(1);
  problems = [];
  time.now = verdicts.againAt(shop) ?? Number.NaN;
  await verdicts.ask(shop, signal);
  expect([asked.length, verdicts.problems(shop), verdicts.againAt(shop)]).toEqual([2, [], undefined]);
});

test('a router that cannot be asked has found nothing, and is asked again', async () => {
  const { verdicts, asked } = world(() => Promise.reject(new Error('connection refused')));
  const shop = rollout(nginx);
  await verdicts.ask(shop, signal);
  expect([verdicts.problems(shop), verdicts.againAt(shop)]).toEqual([[], 1500]);
  verdicts.wake(shop);
  await verdicts.ask(shop, signal);
  expect(asked).toHaveLength(2);
});

test('a router that is not installed, and one that stands under plugins, are not asked', async () => {
  const { verdicts, asked } = world(() => undefined);
  await verdicts.ask(rollout({ plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'nowhere' } } }), signal);
  expect(asked).toEqual([]);
  await verdicts.ask(rollout(nginx), signal);
  expect(verdicts.againAt(rollout(nginx))).toBeUndefined();
});
