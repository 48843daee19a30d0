// Nothing foreign is touched: random VirtualServices, random operations of two rollouts, everything that they do not own compared byte for byte.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RawObject } from '@sluice/kube';
import { releasedDestinationRule } from '../src/hashed-destination-rule.ts';
import { routedVirtualService } from '../src/routed-virtual-service.ts';
import type { Route, RouteDestination } from '../src/virtual-service.ts';
import { givenBack } from '../src/wanted.ts';
import type { IstioIntent } from '../src/wanted.ts';
import { destinationRule, hashed, headerRoute, intent, mirrorRoute, routed, to, virtualService } from './build.ts';

const managedNames = ['by-header', 'other-header', 'mirror'];
const config = (rollout: string) => ({
  virtualService: { name: 'shared', routes: [`${rollout}-main`, `${rollout}-second`] },
});

const unknownFields = fc.dictionary(
  fc.constantFrom('timeout', 'retries', 'corsPolicy', 'rewrite', 'x-new'),
  fc.oneof(fc.constant('5s'), fc.integer(), fc.record({ attempts: fc.integer() })),
  { maxKeys: 3 },
);
const foreignDestination = fc
  .tuple(
    fc.constantFrom('elsewhere', 'shop', 'shop-canary.another', 'basket'),
    fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    unknownFields,
  )
  .map(([host, weight, more]) => ({ ...more, ...to(host, weight) }));
const foreignRoute = fc
  .tuple(
    fc.option(fc.constantFrom('a', 'b', ...managedNames), { nil: undefined }),
    fc.array(foreignDestination, { maxLength: 3 }),
    unknownFields,
  )
  .map(([name, route, more]) => ({ ...(name === undefined ? {} : { name }), ...more, route }));
/** What a person has put beside the two versions into a weighted route. Destinations with traffic there are none of a rollout's business. */
const emptyForeign = fc
  .tuple(fc.constantFrom('elsewhere', 'basket-old'), fc.constantFrom(0, undefined))
  .map(([host, weight]) => to(host, weight));

const mainRoute = (name: string, rollout: string) =>
  fc.tuple(unknownFields, fc.array(emptyForeign, { maxLength: 2 }), fc.boolean()).map(([more, foreign, swapped]) => {
    const versions = [to(`${rollout}-stable`, 100), to(`${rollout}-canary`, 0)];
    return { ...more, name, route: [...(swapped ? [...versions].reverse() : versions), ...foreign] };
  });

const shared = fc
  .tuple(
    mainRoute('shop-main', 'shop'),
    mainRoute('shop-second', 'shop'),
    mainRoute('basket-main', 'basket'),
    mainRoute('basket-second', 'basket'),
    fc.array(foreignRoute, { maxLength: 5 }),
    unknownFields,
    fc.infiniteStream(fc.nat()),
  )
  .map(([a, b, c, d, foreign, more, random]) => {
    const http = [a, b, c, d, ...foreign].map((route) => ({ route, rank: random.next().value as number }));
    return virtualService({
      hosts: ['x'],
      ...more,
      http: http.sort((x, y) => x.rank - y.rank).map(({ route }) => route),
      tls: [{ route: [to('elsewhere')] }],
    });
  });

const operation = fc.record({
  rollout: fc.constantFrom('shop', 'basket'),
  weight: fc.integer({ min: 0, max: 80 }),
  extras: fc.subarray(['exp-a', 'exp-b']),
  headers: fc.subarray(['by-header', 'other-header']),
  mirror: fc.boolean(),
  release: fc.boolean(),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function asked({ rollout, weight, extras, headers, mirror }: Operation): IstioIntent {
  return intent(config(rollout), {
    rollout: { namespace: 'default', name: rollout, uid: rollout },
    stable: { service: `${rollout}-stable`, podTemplateHash: 'hash1' },
    canary: { service: `${rollout}-canary`, podTemplateHash: 'hash2' },
    weight,
    extraDestinations: extras.map((service) => ({
      service: `${rollout}-${service}`,
      podTemplateHash: 'hash3',
      weight: 10,
    })),
    headerRoutes: headers.map((name) => headerRoute(name, `X-${rollout}`)),
    mirrorRoutes: mirror ? [mirrorRoute('mirror')] : [],
    managedRoutes: managedNames,
  });
}

function carriedOut(live: RawObject, done: Operation): RawObject {
  const wanted = asked(done);
  if (!done.release) return routed(live, wanted);
  const [settings] = wanted.config.virtualServices;
  return settings === undefined ? live : routedVirtualService(live, givenBack(wanted, settings));
}

/** What is left when all that the two rollouts own is taken out: routes of steps, extra destinations, weights of the versions. */
function foreignPart(object: RawObject): string {
  const isCanary = (d: RouteDestination | undefined): boolean =>
    /^(shop|basket)-canary$/.test(d?.destination?.host ?? '');
  const isMade = (route: Route): boolean => {
    const target = route.mirror === undefined ? route.route : [{ destination: route.mirror }];
    return managedNames.includes(route.name ?? '') && (target ?? []).length > 0 && (target ?? []).every(isCanary);
  };
  const http = (object['spec'].http as readonly Route[])
    .filter((route) => !isMade(route))
    .map((route) => ({
      ...route,
      route: (route.route ?? [])
        .filter((d) => !/-exp-[ab]$/.test(d.destination?.host ?? ''))
        .map((d) => (/^(shop|basket)-(canary|stable)$/.test(d.destination?.host ?? '') ? { ...d, weight: 'ours' } : d)),
    }));
  return JSON.stringify({ ...object, spec: { ...object['spec'], http } });
}

test('whatever two rollouts do to a VirtualService, what is not theirs stays as it was, in its place', () => {
  fc.assert(
    fc.property(shared, fc.array(operation, { minLength: 1, maxLength: 8 }), (before, operations) => {
      let live = before;
      for (const done of operations) {
        const other = done.rollout === 'shop' ? 'basket' : 'shop';
        const partOfOther = ownedBy(live, other);
        live = carriedOut(live, done);
        expect(foreignPart(live)).toBe(foreignPart(before));
        expect(ownedBy(live, other)).toBe(partOfOther);
        expect(carriedOut(live, done)).toBe(live);
      }
      for (const rollout of ['shop', 'basket'] as const)
        live = carriedOut(live, { rollout, weight: 0, extras: [], headers: [], mirror: false, release: true });
      expect(JSON.stringify(weightless(live))).toBe(JSON.stringify(weightless(before)));
    }),
    { numRuns: 500, seed: 2026 },
  );
});

/** An absent weight of a version becomes a written one: nothing else may differ after all is given back. */
function weightless(object: RawObject): object {
  return JSON.parse(
    JSON.stringify(object, (key, value: unknown) => (key === 'weight' && value === 0 ? undefined : value)),
  ) as object;
}

/** Routes and weights of one rollout: the other one must leave them alone. */
function ownedBy(object: RawObject, rollout: string): string {
  const owned = (object['spec'].http as readonly Route[]).filter(
    ({ name, route, mirror }) =>
      name?.startsWith(`${rollout}-`) ||
      [...(route ?? []), { destination: mirror }].some((d) => d.destination?.host === `${rollout}-canary`),
  );
  return JSON.stringify(owned);
}

test('the weights of a route are whole, whatever is asked for', () => {
  fc.assert(
    fc.property(shared, operation, (before, done) => {
      const http = carriedOut(before, done)['spec'].http as readonly Route[];
      const route = http.find(({ name }) => name === `${done.rollout}-main`)?.route ?? [];
      expect(route.reduce((sum, { weight = 0 }) => sum + weight, 0)).toBe(100);
    }),
    { numRuns: 300, seed: 2026 },
  );
});

const subset = fc
  .tuple(
    fc.constantFrom('v1', 'v2', 'legacy', 'shop-x', 'basket-1-2-3-a'),
    fc.dictionary(fc.constantFrom('app', 'version', 'rollouts-pod-template-hash'), fc.constantFrom('a', 'b')),
    unknownFields,
  )
  .map(([name, labels, more]) => ({ ...more, name, labels }));

test('subsets, labels and annotations of others stay when hashes are set and taken away', () => {
  const rules = fc
    .tuple(
      fc.array(subset, { maxLength: 3 }),
      fc.array(subset, { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b'), fc.constant('c')),
    )
    .map(([before, after, annotations]) =>
      destinationRule(
        [...before, { name: 'stable', labels: { app: 'shop' } }, { name: 'canary', labels: { app: 'shop' } }, ...after],
        { ...annotations, z: 'z' },
      ),
    );
  const hashes = fc.array(fc.tuple(fc.constantFrom('', 'h1', 'h2'), fc.constantFrom('h1', 'h2'), fc.boolean()), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(rules, hashes, (before, sequence) => {
      const others = (object: RawObject): string =>
        JSON.stringify(
          (object['spec'].subsets as readonly { name: string }[]).filter(
            ({ name }) => !['stable', 'canary', 'shop-f-2-1-c'].includes(name),
          ),
        );
      let live = before;
      for (const [canary, stable, experiment] of sequence) {
        const wanted = intent(
          {
            virtualService: { name: 'x' },
            destinationRule: { name: 'shop', canarySubsetName: 'canary', stableSubsetName: 'stable' },
          },
          {
            canary: { service: '', podTemplateHash: canary },
            stable: { service: '', podTemplateHash: stable },
            extraDestinations: experiment ? [{ service: 'shop-f-2-1-c', podTemplateHash: 'h3', weight: 5 }] : [],
          },
        );
        live = hashed(live, wanted);
        expect(others(live)).toBe(others(before));
        expect(hashed(live, wanted)).toBe(live);
      }
      const foreignHash = JSON.stringify(before).includes('rollouts-pod-template-hash');
      if (!foreignHash) expect(JSON.stringify(releasedDestinationRule(live, 'shop'))).toBe(JSON.stringify(before));
    }),
    { numRuns: 500, seed: 2026 },
  );
});
