import type { ExtraDestination, HeaderRoute, MirrorRoute } from '@sluice/contracts';
import { must, mustEqual } from '../rule.ts';
import { managedRoutesOf } from '../subject.ts';
import type { RouterWorld, TestRollout } from '../world.ts';

const [headerName = '', mirrorName = ''] = managedRoutesOf();

export function headerRoute(value = 'yes'): HeaderRoute {
  return {
    name: headerName,
    match: [{ headerName: 'x-conformance', headerValue: { match: { $case: 'exact', value } } }],
  };
}

export function mirrorRoute(): MirrorRoute {
  return {
    name: mirrorName,
    match: [{ method: { match: { $case: 'exact', value: 'GET' } }, path: undefined, headers: {} }],
    percentage: 50,
  };
}

/** Weights for the first extra destinations of the rollout. */
export function extrasOf(target: TestRollout, ...weights: readonly number[]): ExtraDestination[] {
  const extras = target.extras ?? [];
  must(extras.length >= weights.length, 'the world gave too few extra destinations: two are needed');
  return weights.map((weight, index) => ({ ...extras[index], weight }) as ExtraDestination);
}

/** What the two sides get; the same in all routes, or the check fails. */
export async function sharesOf(
  world: RouterWorld,
  target: TestRollout,
): Promise<{ readonly stable: number; readonly canary: number }> {
  const { routes } = await world.routed(target);
  const shares = routes.map(({ weights }) => ({
    stable: weights[target.stable.service] ?? 0,
    canary: weights[target.canary.service] ?? 0,
  }));
  const [first] = shares;
  must(first !== undefined, 'the world shows no route of the rollout');
  for (const share of shares) mustEqual(share, first, 'the share in another route of the rollout');
  return first;
}

/** `stable` and `canary` stand for the rollout's Services; other keys are Services. */
export async function mustShare(
  world: RouterWorld,
  target: TestRollout,
  expected: Readonly<Record<string, number>>,
): Promise<void> {
  const { routes } = await world.routed(target);
  must(routes.length > 0, 'the world shows no route of the rollout');
  for (const { name, weights } of routes) {
    for (const [side, share] of Object.entries(expected)) {
      const service = side === 'stable' || side === 'canary' ? target[side].service : side;
      mustEqual(weights[service] ?? 0, share, `the share of ${service} in ${name}`);
    }
  }
}

export async function mustRoute(
  world: RouterWorld,
  target: TestRollout,
  expected: { readonly headerRoutes: readonly string[]; readonly mirrorRoutes: readonly string[] },
): Promise<void> {
  const { headerRoutes, mirrorRoutes } = await world.routed(target);
  mustEqual({ headerRoutes, mirrorRoutes }, expected, 'what the API holds of managed routes');
}
