import { expect, test } from 'vitest';
import { hashedDestinationRule, managedByAnnotation, releasedDestinationRule } from '../src/hashed-destination-rule.ts';
import { wantedSubsets } from '../src/wanted.ts';
import { bySubset, destinationRule, hashed, headerRoute, intent } from './build.ts';

const label = 'rollouts-pod-template-hash';
const subset = (name: string, hash?: string, more: object = {}): object => ({
  name,
  labels: { app: 'shop', ...(hash === undefined ? {} : { [label]: hash }) },
  ...more,
});
const ours = { [managedByAnnotation]: 'shop' };
const asked = intent(bySubset, { weight: 20 });

test('canary and stable subsets get their hashes, and the annotation says who sets them', () => {
  const policy = { trafficPolicy: { tls: { mode: 'DISABLE' } } };
  const live = destinationRule([subset('canary'), subset('stable', undefined, policy)], { a: 'b' });
  const done = hashed(live, asked);
  expect(done).toEqual(
    destinationRule([subset('canary', 'hash2'), subset('stable', 'hash1', policy)], { a: 'b', ...ours }),
  );
  expect(hashed(done, asked)).toBe(done);
});

test('all other subsets stay, whether they are listed or not', () => {
  const others = [subset('legacy'), subset('v1', undefined, { unknown: { field: 1 } })];
  const live = destinationRule([others[0] ?? {}, subset('canary'), subset('stable'), others[1] ?? {}]);
  expect(hashed(live, asked)['spec'].subsets).toEqual([
    others[0],
    subset('canary', 'hash2'),
    subset('stable', 'hash1'),
    others[1],
  ]);
});

test('experiments get subsets of their own, which go when they have ended', () => {
  const live = destinationRule([subset('canary'), subset('stable')]);
  const service = 'shop-6765f5f78d-2-1-candidate';
  const during = hashed(live, { ...asked, extraDestinations: [{ service, podTemplateHash: 'hash3', weight: 5 }] });
  expect(during['spec'].subsets[2]).toEqual({ name: service, labels: { [label]: 'hash3' } });
  expect(hashed(during, asked)['spec'].subsets).toHaveLength(2);
});

test('a subset that only looks like one of an experiment stays', () => {
  const likely = [
    { name: 'shop-6765f5f78d-2-1-candidate', labels: { [label]: 'x', app: 'shop' } },
    { name: 'shop-legacy', labels: { [label]: 'x' } },
  ];
  const live = destinationRule([subset('canary'), subset('stable'), ...likely]);
  expect(hashed(live, asked)['spec'].subsets.slice(2)).toEqual(likely);
});

test('without a hash the subset loses the label', () => {
  const live = destinationRule([subset('canary', 'old'), subset('stable', 'hash1')], ours);
  const done = hashed(live, { ...asked, canary: { service: '', podTemplateHash: '' } });
  expect(done['spec'].subsets[0]).toEqual(subset('canary'));
});

test('a DestinationRule whose hashes another Rollout sets is refused, and stays', () => {
  const live = destinationRule([subset('canary'), subset('stable')], { [managedByAnnotation]: 'basket' });
  expect(() => hashed(live, asked)).toThrow('managed by Rollout "basket"');
  expect(releasedDestinationRule(live, 'shop')).toBe(live);
});

test('a subset that the manifest names and that is not there is said', () => {
  expect(() => hashed(destinationRule([subset('stable')]), asked)).toThrow(
    "Canary DestinationRule subset 'canary' not found",
  );
});

test('given back, it is as it was', () => {
  const live = destinationRule([subset('canary'), subset('stable'), subset('legacy')], { a: 'b' });
  expect(releasedDestinationRule(hashed(live, asked), 'shop')).toEqual(live);
});

const share = (canary: number, managed: readonly string[] = []) => ({ canary, stable: 100 - canary, managed });
const first = (changes: Parameters<typeof intent>[1], now: ReturnType<typeof share>) => {
  const { canaryHash, stableHash } = wantedSubsets(intent(bySubset, changes), now) ?? {};
  return { canary: canaryHash !== undefined, stable: stableHash !== undefined };
};

test('a version that gains traffic gets its pods before the weights move, one that loses traffic after', () => {
  expect(first({ weight: 20 }, share(0))).toEqual({ canary: true, stable: false });
  expect(first({ weight: 0 }, share(60))).toEqual({ canary: false, stable: true });
  expect(first({ weight: 0 }, share(100))).toEqual({ canary: false, stable: true });
  expect(first({ weight: 20 }, share(20))).toEqual({ canary: true, stable: true });
});

test('a header route sends its requests to the canary whatever the weight: until it has gone, the canary keeps its pods', () => {
  expect(first({ weight: 0 }, share(0, ['by-header']))).toEqual({ canary: false, stable: true });
  expect(first({ weight: 0, headerRoutes: [headerRoute('by-header')] }, share(0, ['by-header']))).toEqual({
    canary: true,
    stable: true,
  });
});

test('what is left for after the weights leaves the other hash as it is', () => {
  const live = destinationRule([subset('canary', 'old'), subset('stable', 'old')], ours);
  const wanted = wantedSubsets(intent(bySubset, { weight: 0 }), share(60));
  if (wanted === undefined) throw new Error('no subsets wanted');
  expect(hashedDestinationRule(live, wanted)['spec'].subsets).toEqual([
    subset('canary', 'old'),
    subset('stable', 'hash1'),
  ]);
});
