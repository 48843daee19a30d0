// Nothing foreign is touched: random routes, random operations of two rollouts, everything that they do not own compared byte for byte.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RawObject } from '@sluice/kube';
import { routedRoute } from '../src/routed-route.ts';
import type { WantedRoute } from '../src/routed-route.ts';
import type { BackendRef, Rule } from '../src/rules.ts';
import { byHeader, label, route, to, wanted } from './build.ts';

const managedNames = ['by-header', 'other'];
const unknownFields = fc.dictionary(
  fc.constantFrom('timeouts', 'sessionPersistence', 'retry', 'x-new'),
  fc.oneof(fc.constant('5s'), fc.integer(), fc.record({ request: fc.constant('1s') })),
  { maxKeys: 2 },
);
const weight = fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined });
const foreignRef = fc
  .tuple(
    fc.constantFrom('elsewhere', 'shop', 'shop-canary-2', 'shop-old'),
    weight,
    unknownFields,
    fc.constantFrom({}, { namespace: 'another' }),
  )
  .map(([name, share, more, place]) => ({ ...more, ...to(name, share, place) }));
const farAway = fc.constantFrom('shop-canary', 'basket-stable').map((name) => to(name, 5, { namespace: 'another' }));
const someName = fc.option(fc.constantFrom('a', 'by-header', 'by-header-1', 'other'), { nil: undefined });
const matches = fc.array(
  fc.constantFrom({ path: { type: 'Exact', value: '/x' } }, { headers: [{ name: 'a', value: 'b' }] }),
  { maxLength: 2 },
);
const base = fc
  .tuple(unknownFields, matches)
  .map(([more, list]) => ({ ...more, ...(list.length === 0 ? {} : { matches: list }) }));
const foreignRule = fc
  .tuple(base, someName, fc.array(fc.oneof(foreignRef, farAway), { maxLength: 3 }))
  .map(([more, name, backendRefs]) => ({ ...more, ...(name === undefined ? {} : { name }), backendRefs }));
const ownRule = (rollout: string) =>
  fc
    .tuple(base, fc.array(fc.oneof(foreignRef, farAway), { maxLength: 2 }), fc.boolean())
    .map(([more, foreign, first]) => {
      const versions = [to(`${rollout}-stable`, 100), to(`${rollout}-canary`, 0)];
      return { ...more, backendRefs: first ? [...versions, ...foreign] : [...foreign, ...versions] };
    });
/** A person's own way to the canary: nobody's business. */
const preview = fc
  .constantFrom('shop', 'basket')
  .map((rollout) => ({ name: 'preview', backendRefs: [to(`${rollout}-canary`, 1)] }));

const shared = fc
  .tuple(
    ownRule('shop'),
    ownRule('basket'),
    fc.array(fc.oneof(foreignRule, ownRule('shop'), ownRule('basket'), preview), { maxLength: 5 }),
    fc.infiniteStream(fc.nat()),
  )
  .map(([a, b, more, random]) => {
    const ranked = [a, b, ...more].map((one) => ({ one, rank: random.next().value as number }));
    return route(ranked.sort((x, y) => x.rank - y.rank).map(({ one }) => one) as Rule[], {
      labels: { team: 'a' },
      annotations: { note: 'b' },
    });
  });

const operation = fc.record({
  rollout: fc.constantFrom('shop', 'basket'),
  weight: fc.integer({ min: 0, max: 70 }),
  extras: fc.subarray(['6765f5f78d-2-1-baseline', 'own-name']),
  headers: fc.subarray(managedNames),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function asked({ rollout, weight: canaryWeight, extras, headers }: Operation): WantedRoute {
  return wanted({
    rollout: { namespace: 'default', name: rollout, uid: rollout },
    canary: { service: `${rollout}-canary`, podTemplateHash: 'h2' },
    stable: { service: `${rollout}-stable`, podTemplateHash: 'h1' },
    canaryWeight,
    extras: extras.map((name) => ({ service: `${rollout}-${name}`, podTemplateHash: 'h3', weight: 10 })),
    headerRoutes: headers.map((name) => byHeader(name, `X-${rollout}`)),
    managedRoutes: managedNames,
  });
}

const isHere = ({ namespace = 'default' }: BackendRef): boolean => namespace === 'default';
const isVersion = (ref: BackendRef): boolean => isHere(ref) && /^(shop|basket)-(canary|stable)$/.test(ref.name ?? '');
const isExtra = (ref: BackendRef): boolean =>
  isHere(ref) && /^(shop|basket)-(own-name|6765f5f78d-2-1-baseline)$/.test(ref.name ?? '');
const isMade = ({ name = '', backendRefs = [] }: Rule): boolean =>
  /^(by-header|other)(-\d+)?$/.test(name) &&
  backendRefs.length === 1 &&
  backendRefs.every((ref) => isVersion(ref) && ref.name?.endsWith('canary'));

/** What is left when all that the two rollouts own is taken out: header rules, references to experiments, weights of the versions, label and note. */
function foreignPart(object: RawObject): string {
  const rules = (object['spec'].rules as readonly Rule[])
    .filter((rule) => !isMade(rule))
    .map((rule) => ({
      ...rule,
      backendRefs: (rule.backendRefs ?? [])
        .filter((ref) => !isExtra(ref))
        .map((ref) => (isVersion(ref) ? { ...ref, weight: 'ours' } : ref)),
    }));
  const { labels = {}, annotations = {} } = object.metadata;
  const theirs = (all: object, own: string): object =>
    Object.fromEntries(Object.entries(all).filter(([key]) => key !== own));
  const metadata = {
    ...object.metadata,
    labels: theirs(labels, label.key),
    annotations: theirs(annotations, 'sluice.dev/extra-destinations'),
  };
  return JSON.stringify({ ...object, metadata, spec: { ...object['spec'], rules } });
}

/** Weights and rules of one rollout: the other one must leave them alone. */
function ownedBy(object: RawObject, rollout: string): string {
  return JSON.stringify(
    (object['spec'].rules as readonly Rule[])
      .map(({ name, matches: list, backendRefs = [] }) => {
        const own = backendRefs.filter((ref) => isHere(ref) && ref.name?.startsWith(`${rollout}-`));
        return own.length === 0 ? null : { name, list, own };
      })
      .filter((rule) => rule !== null),
  );
}

test('whatever two rollouts do to a route, what is not theirs stays as it was, in its place', () => {
  fc.assert(
    fc.property(shared, fc.array(operation, { minLength: 1, maxLength: 8 }), (before, operations) => {
      let live = before;
      for (const done of operations) {
        const other = done.rollout === 'shop' ? 'basket' : 'shop';
        const partOfOther = ownedBy(live, other);
        live = routedRoute(live, asked(done));
        expect(foreignPart(live)).toBe(foreignPart(before));
        expect(ownedBy(live, other)).toBe(partOfOther);
        expect(routedRoute(live, asked(done))).toBe(live);
      }
      for (const rollout of ['shop', 'basket'] as const)
        live = routedRoute(live, asked({ rollout, weight: 0, extras: [], headers: [] }));
      expect(JSON.stringify(live)).toBe(JSON.stringify(before));
    }),
    { numRuns: 500, seed: 2026 },
  );
});
