import { expect, test } from 'vitest';
import { decideRollout } from './decide-rollout.ts';
import { service, snapshot } from './testing/build.ts';

const shop = (services = [service('shop-stable', undefined, false), service('shop-canary', undefined, false)]) =>
  snapshot({
    image: 'shop:1',
    strategy: {
      canary: {
        stableService: 'shop-stable',
        canaryService: 'shop-canary',
        trafficRouting: { nginx: { stableIngress: 'nowhere' } },
      },
    },
    services,
    rest: {
      capabilities: { routers: ['nginx'], analysis: false, experiments: false, stepPlugins: [] },
      routerProblems: [
        { router: 'nginx', path: 'stableIngress', value: 'nowhere', message: 'ingresses "nowhere" not found' },
      ],
    },
  });

test('what a router finds wrong makes the spec invalid, in the words of the API server, and nothing is done', () => {
  const { status, actions } = decideRollout(shop());
  expect([status.phase, actions]).toEqual(['Degraded', []]);
  expect(status.message).toBe(
    'InvalidSpec: The Rollout "shop" is invalid: spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: "nowhere": ingresses "nowhere" not found',
  );
});
