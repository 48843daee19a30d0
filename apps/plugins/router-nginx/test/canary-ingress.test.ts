import { describe, expect, test } from 'vitest';
import { canaryIngress, canaryIngressName, updatedCanaryIngress, weightIn } from '../src/canary-ingress.ts';
import { ingress, path, rule, split } from './build.ts';

const prefix = 'nginx.ingress.kubernetes.io';
const stable = ingress('shop', [rule('shop.example.com', path('shop-stable'))]);

describe('the canary Ingress', () => {
  test('is called after the rollout and its stable Ingress, within 253 characters', () => {
    expect(canaryIngressName('shop', 'web')).toBe('shop-web-canary');
    const long = canaryIngressName('r'.repeat(100), 'i'.repeat(200));
    expect(long).toHaveLength(253);
    expect(long).toBe(`${'r'.repeat(100)}-${'i'.repeat(145)}-canary`);
  });

  test('belongs to the Rollout', () => {
    expect(canaryIngress(stable, split()).metadata.ownerReferences).toEqual([
      {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        name: 'shop',
        uid: 'uid-1',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  });

  test('has the paths that go to the stable Service, and none of those that do not', () => {
    const several = ingress('shop', [
      rule('a', path('shop-stable'), path('elsewhere', '/other')),
      rule('b', path('elsewhere')),
      rule('c', path('shop-stable', '/x'), path('shop-stable', '/y')),
    ]);
    expect(canaryIngress(several, split())['spec'].rules).toEqual([
      rule('a', path('shop-canary')),
      rule('c', path('shop-canary', '/x'), path('shop-canary', '/y')),
    ]);
  });

  test('of two Rollouts behind one Ingress have no path in common', () => {
    const shared = ingress('shared', [rule('a', path('shop-stable', '/shop'), path('cart-stable', '/cart'))]);
    const cart = { ...split(), stableService: 'cart-stable', canaryService: 'cart-canary' };
    expect(canaryIngress(shared, split())['spec'].rules).toEqual([rule('a', path('shop-canary', '/shop'))]);
    expect(canaryIngress(shared, cart)['spec'].rules).toEqual([rule('a', path('cart-canary', '/cart'))]);
  });

  test('of Argo Rollouts, which copies whole rules, stays as it is until its weight changes', () => {
    const shared = ingress('shared', [rule('a', path('shop-stable', '/shop'), path('elsewhere'))]);
    const made = canaryIngress(shared, split());
    const whole = [rule('a', path('shop-canary', '/shop'), path('elsewhere'))];
    const live = { ...made, spec: { ...made['spec'], rules: whole } };
    expect(updatedCanaryIngress(live, shared, split())['spec'].rules).toEqual(whole);
    const moved = updatedCanaryIngress(live, shared, { ...split(), weight: split().weight + 10 });
    expect(moved['spec'].rules).toEqual([rule('a', path('shop-canary', '/shop'))]);
  });

  test('takes over tls and class, and not the default backend', () => {
    const tls = [{ hosts: ['a'], secretName: 'cert' }];
    const spec = { tls, defaultBackend: { service: { name: 'shop-stable', port: { number: 80 } } } };
    expect(canaryIngress(ingress('shop', [rule('a', path('shop-stable'))], { spec }), split())['spec']).toEqual({
      ingressClassName: 'nginx',
      tls,
      rules: [rule('a', path('shop-canary'))],
    });
  });

  test('skips rules without paths and backends that are resources', () => {
    const odd = ingress('shop', [
      { host: 'no-paths' },
      {
        host: 'resource',
        http: { paths: [{ path: '/', backend: { resource: { kind: 'Bucket', name: 'shop-stable' } } }] },
      },
      rule('a', path('shop-stable')),
    ]);
    expect(canaryIngress(odd, split())['spec'].rules).toEqual([rule('a', path('shop-canary'))]);
  });

  test('cannot be made of an Ingress without a rule for the stable Service', () => {
    expect(() => canaryIngress(ingress('shop', [rule('a', path('elsewhere'))]), split())).toThrow(
      'ingress `shop` has no rules using service shop-stable backend',
    );
  });
});

describe('its annotations', () => {
  const annotations = (config: object, changes = {}, metadata = {}): unknown =>
    canaryIngress(ingress('shop', [rule('a', path('shop-stable'))], { metadata }), split(config, changes)).metadata
      .annotations;

  test('make it a canary with a weight', () => {
    expect(annotations({ stableIngress: 'shop' }, { weight: 20 })).toEqual({
      [`${prefix}/canary`]: 'true',
      [`${prefix}/canary-weight`]: '20',
    });
  });

  test('are: the class of the stable Ingress, the additional ones with the prefix, the canary ones as they are, and last those of the split', () => {
    const config = {
      stableIngress: 'shop',
      annotationPrefix: 'my.nginx',
      additionalIngressAnnotations: { 'canary-by-header': 'X', 'my.nginx/limit': '1', 'canary-weight': '99' },
      canaryIngressAnnotations: { 'example.com/team': 'a', 'my.nginx/limit': '2' },
    };
    const metadata = { annotations: { 'kubernetes.io/ingress.class': 'public', 'my.nginx/rewrite': '/' } };
    expect(annotations(config, { weight: 5 }, metadata)).toEqual({
      'kubernetes.io/ingress.class': 'public',
      'my.nginx/canary-by-header': 'X',
      'my.nginx/limit': '2',
      'example.com/team': 'a',
      'my.nginx/canary': 'true',
      'my.nginx/canary-weight': '5',
    });
  });

  test('name the total when it is not 100', () => {
    expect(annotations({ stableIngress: 'shop' }, { weight: 5, maxWeight: 1000 })).toMatchObject({
      [`${prefix}/canary-weight-total`]: '1000',
    });
  });
});

describe('an update', () => {
  const live = { ...canaryIngress(stable, split()), status: { loadBalancer: {} } };

  test('keeps labels and annotations of others', () => {
    const labelled = {
      ...live,
      metadata: { ...live.metadata, labels: { team: 'a' }, annotations: { ...live.metadata.annotations, theirs: 'x' } },
    };
    const updated = updatedCanaryIngress(labelled, stable, split(undefined, { weight: 40 }));
    expect(updated.metadata.labels).toEqual({ team: 'a' });
    expect(updated.metadata.annotations).toEqual({
      ...labelled.metadata.annotations,
      [`${prefix}/canary-weight`]: '40',
    });
  });

  test('follows the rules of the stable Ingress', () => {
    const grown = ingress('shop', [rule('shop.example.com', path('shop-stable')), rule('new', path('shop-stable'))]);
    expect(updatedCanaryIngress(live, grown, split())['spec'].rules).toHaveLength(2);
  });

  test('takes a total away that is left over from a former maxTrafficWeight, and leaves one that says the same', () => {
    const total = `${prefix}/canary-weight-total`;
    const withTotal = (value: string) => ({
      ...live,
      metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, [total]: value } },
    });
    expect(updatedCanaryIngress(withTotal('1000'), stable, split()).metadata.annotations).not.toHaveProperty(total);
    expect(updatedCanaryIngress(withTotal('100'), stable, split()).metadata.annotations).toHaveProperty(total, '100');
  });

  test('is refused for an Ingress that belongs to something else', () => {
    for (const ownerReferences of [
      [],
      [{ apiVersion: 'v1', kind: 'Rollout', name: 'shop', uid: 'uid-2', controller: true }],
    ])
      expect(() =>
        updatedCanaryIngress({ ...live, metadata: { ...live.metadata, ownerReferences } }, stable, split()),
      ).toThrow('canary ingress `shop-shop-canary` controlled by different object');
  });
});

test.each([
  [{ canary: 'true', 'canary-weight': '20' }, 100, 20],
  [{ canary: 'true', 'canary-weight': '20', 'canary-weight-total': '1000' }, 1000, 20],
  [{ canary: 'true', 'canary-weight': '500', 'canary-weight-total': '1000' }, 100, 50],
  [{ canary: 'false', 'canary-weight': '20' }, 100, 0],
  [{ canary: 'true', 'canary-weight': 'x' }, 100, 0],
])('%j is a share of the canary, out of %i', (annotations, maxWeight, share) => {
  const named = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${prefix}/${key}`, value]));
  expect(weightIn(ingress('x', [], { metadata: { annotations: named } }), split(undefined, { maxWeight }))).toBe(share);
});

test.each([
  [{}, 'exactly one of stableIngress and stableIngresses'],
  [{ stableIngress: 'a', stableIngresses: ['b'] }, 'exactly one of stableIngress and stableIngresses'],
  [{ stableIngresses: ['a', 'a'] }, 'names "a" twice'],
  [{ stableIngresses: ['a', ''] }, 'stableIngresses[1] is empty'],
  [{ stableIngress: 5 }, 'stableIngress must be text'],
  [{ stableIngress: 'a', canaryIngressAnnotations: { a: 1 } }, 'canaryIngressAnnotations must be a map of texts'],
])('the configuration %j is refused', (config, message) => {
  expect(() => split(config)).toThrow(message);
});
