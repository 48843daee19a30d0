// Nothing foreign is touched: random Ingresses, random updates, labels and annotations of others compared after each.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RawObject } from '@sluice/kube';
import { after, ingress, path, rule, split } from './build.ts';

const service = fc.constantFrom('shop-stable', 'elsewhere', 'basket-stable');
const rules = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.array(service, { minLength: 1, maxLength: 3 })), { maxLength: 3 })
  .map((list) => [
    ...list.map(([host, services]) => rule(host, ...services.map((name, at) => path(name, `/${at}`)))),
    rule('z', path('shop-stable')),
  ]);
const words = fc.dictionary(
  fc.constantFrom('team', 'example.com/owner', 'nginx.ingress.kubernetes.io/limit-rps', 'cert-manager.io/issuer'),
  fc.constantFrom('x', 'y'),
);

test('what others put on a canary Ingress stays through every update, and the second time nothing differs', () => {
  const update = fc.record({ weight: fc.integer({ min: 0, max: 100 }), rules, annotations: words, labels: words });
  fc.assert(
    fc.property(rules, fc.array(update, { minLength: 1, maxLength: 6 }), (first, updates) => {
      let live: RawObject = after(undefined, ingress('shop', first), split());
      for (const { weight, rules: changed, annotations, labels } of updates) {
        const theirs = { ...live.metadata.annotations, ...annotations };
        live = {
          ...live,
          metadata: {
            ...live.metadata,
            annotations: theirs,
            labels: { ...live.metadata.labels, ...labels },
            finalizers: ['theirs'],
          },
        };
        const wanted = split(undefined, { weight });
        const stable = ingress('shop', changed);
        const updated = after(live, stable, wanted);
        expect(updated.metadata).toEqual({
          ...live.metadata,
          annotations: { ...theirs, 'nginx.ingress.kubernetes.io/canary-weight': String(weight) },
        });
        expect(JSON.stringify(after(updated, stable, wanted))).toBe(JSON.stringify(updated));
        live = updated;
      }
    }),
    { numRuns: 300, seed: 2026 },
  );
});

test('a stable Ingress is only read', () => {
  fc.assert(
    fc.property(rules, (list) => {
      const stable = ingress('shop', list);
      const before = JSON.stringify(stable);
      after(after(undefined, stable, split()), stable, split(undefined, { weight: 50 }));
      expect(JSON.stringify(stable)).toBe(before);
    }),
  );
});
