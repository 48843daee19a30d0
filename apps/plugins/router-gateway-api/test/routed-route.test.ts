import { describe, expect, test } from 'vitest';
import { extraDestinationsAnnotation } from '../src/noted-extras.ts';
import { canaryWeightOf, requireBothSides } from '../src/routed-route.ts';
import { byHeader, label, route, rule, rules, settled, to, wanted } from './build.ts';

const split = (weight: number) => [to('shop-stable', 100 - weight), to('shop-canary', weight)];
const plain = route([rule('/', ...split(0))]);

describe('weights', () => {
  test('are set in every rule that goes to both versions; others stay', () => {
    const live = route([
      rule('/a', ...split(0)),
      rule('/b', to('elsewhere', 1)),
      rule('/c', to('mirror', 7), ...split(0)),
    ]);
    expect(rules(settled(live, wanted({ canaryWeight: 20 })))).toEqual([
      rule('/a', ...split(20)),
      rule('/b', to('elsewhere', 1)),
      rule('/c', to('mirror', 7), ...split(20)),
    ]);
  });

  test('sum up to maxTrafficWeight', () => {
    const [main] = rules(settled(plain, wanted({ canaryWeight: 50, maxWeight: 1000 })));
    expect(main?.backendRefs).toEqual([to('shop-stable', 950), to('shop-canary', 50)]);
  });

  test('are told out of maxTrafficWeight, whatever they were written out of', () => {
    expect(canaryWeightOf(route([rule('/', ...split(20))]), wanted({ maxWeight: 1000 }))).toBe(200);
    expect(canaryWeightOf(route([rule('/', to('mirror', 7), to('shop-canary', 20))]), wanted())).toBe(20);
  });

  test('are 1 where they are absent, and are not written to say the same', () => {
    const live = route([rule('/', to('shop-stable', 99), to('shop-canary'))]);
    expect(settled(live, wanted({ canaryWeight: 1, inProgressLabel: undefined }))).toBe(live);
  });

  test('of a stable version that is alone in its rule never become nothing', () => {
    const live = route([rule('/a', ...split(0)), rule('/b', to('shop-stable', 100))]);
    expect(rules(settled(live, wanted({ canaryWeight: 100 })))[1]?.backendRefs).toEqual([to('shop-stable', 1)]);
    expect(rules(settled(live, wanted({ canaryWeight: 20 })))[1]?.backendRefs).toEqual([to('shop-stable', 80)]);
  });

  test('are left alone in a rule that goes only to the canary', () => {
    const preview = rule('/preview', to('shop-canary', 1));
    const live = route([rule('/', ...split(0)), preview]);
    expect(rules(settled(live, wanted({ canaryWeight: 20 })))[1]).toBe(preview);
    expect(canaryWeightOf(live, wanted())).toBe(0);
  });

  test('go to Services of this namespace only', () => {
    const theirs = to('shop-canary', 3, { namespace: 'another' });
    const live = route([rule('/', ...split(0), theirs)]);
    expect(rules(settled(live, wanted({ canaryWeight: 20 })))[0]?.backendRefs?.[2]).toBe(theirs);
  });

  test('need both versions somewhere in the route', () => {
    expect(() => requireBothSides(route([rule('/', to('shop-stable'))]), wanted())).toThrow(
      "canary Service 'shop-canary'",
    );
    expect(() => requireBothSides(route([rule('/', to('shop-canary'))]), wanted())).toThrow(
      "stable Service 'shop-stable'",
    );
  });
});

describe('destinations of experiments', () => {
  const extra = (service: string, weight: number) => ({ service, weight, podTemplateHash: 'hash3' });
  const named = 'shop-6765f5f78d-2-1-candidate';

  test('are put into the first rule and taken from stable, and go when they have ended', () => {
    const live = route([rule('/a', ...split(20)), rule('/b', ...split(20))]);
    const during = settled(live, wanted({ canaryWeight: 20, extras: [extra(named, 10)], ports: { [named]: 8080 } }));
    expect(rules(during).map(({ backendRefs }) => backendRefs)).toEqual([
      [to('shop-stable', 70), to('shop-canary', 20), to(named, 10, { namespace: 'default', port: 8080 })],
      split(20),
    ]);
    expect(rules(settled(during, wanted({ canaryWeight: 30 })))).toEqual([
      rule('/a', ...split(30)),
      rule('/b', ...split(30)),
    ]);
  });

  test('get a new weight when it changes', () => {
    const first = settled(plain, wanted({ extras: [extra(named, 10)] }));
    expect(
      rules(settled(first, wanted({ extras: [extra(named, 25)] })))[0]?.backendRefs?.map(({ weight }) => weight),
    ).toEqual([75, 0, 25]);
  });

  test('whose Service the user has named are noted, so that they can be told from others after the end', () => {
    const during = settled(plain, wanted({ extras: [extra('try-it', 10)] }));
    expect(during.metadata.annotations).toEqual({ [extraDestinationsAnnotation]: '{"shop":["try-it"]}' });
    expect(settled(during, wanted())).toEqual(plain);
  });

  test('noted by another rollout stay noted', () => {
    const annotations = { [extraDestinationsAnnotation]: '{"basket":["theirs"]}' };
    const live = route([rule('/', ...split(0), to('theirs', 5))], { annotations });
    const during = settled(live, wanted({ extras: [extra('try-it', 10)] }));
    expect(JSON.parse(during.metadata.annotations?.[extraDestinationsAnnotation] ?? '')).toEqual({
      basket: ['theirs'],
      shop: ['try-it'],
    });
    expect(settled(during, wanted())).toEqual(live);
  });
});

describe('header rules', () => {
  const asked = (more = {}) =>
    wanted({ canaryWeight: 20, managedRoutes: ['by-header'], headerRoutes: [byHeader('by-header')], ...more });
  const header = (name = 'X-Canary', value = 'yes', type = 'Exact') => ({ name, type, value });

  test('want what the rule wants and the header too, and go to the canary alone', () => {
    expect(rules(settled(plain, asked()))[1]).toEqual({
      name: 'by-header',
      matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [header()] }],
      backendRefs: [to('shop-canary', 1)],
    });
  });

  test('are made for each rule that goes to both versions, numbered, with its filters', () => {
    const filters = [{ type: 'URLRewrite', urlRewrite: { hostname: 'x' } }];
    const live = route([{ ...rule('/a', ...split(0)), filters }, rule('/b', to('elsewhere')), rule('/c', ...split(0))]);
    const made = rules(settled(live, asked())).slice(3);
    expect(made.map(({ name, filters: kept }) => [name, kept])).toEqual([
      ['by-header', filters],
      ['by-header-1', undefined],
    ]);
  });

  test('need no match of the rule', () => {
    const live = route([{ backendRefs: split(0) }]);
    expect(rules(settled(live, asked()))[1]?.matches).toEqual([{ headers: [header()] }]);
  });

  test.each([
    ['prefix', 'a.b', 'RegularExpression', 'a\\.b.*'],
    ['regex', 'a.b', 'RegularExpression', 'a.b'],
    ['exact', 'a.b', 'Exact', 'a.b'],
  ] as const)('match by %s', (type, value, wantedType, wantedValue) => {
    const made = settled(plain, asked({ headerRoutes: [byHeader('by-header', 'A', value, type)] }));
    expect(rules(made)[1]?.matches?.[0]?.headers).toEqual([header('A', wantedValue, wantedType)]);
  });

  test('leave out what can never match: the same header with another value', () => {
    const withHeader = {
      matches: [{ headers: [header('x-canary', 'no')] }, { headers: [header('Other', 'a')] }],
      backendRefs: split(0),
    };
    expect(rules(settled(route([withHeader]), asked()))[1]?.matches).toEqual([
      { headers: [header('Other', 'a'), header()] },
    ]);
  });

  test('keep their place, and rules that others put behind them stay behind', () => {
    const made = settled(plain, asked());
    const later = route([...rules(made), rule('/later', to('elsewhere'))], made.metadata);
    expect(settled(later, asked())).toBe(later);
  });

  test('go when they are not asked for, only those of this rollout', () => {
    const theirs = { name: 'by-header', matches: [], backendRefs: [to('basket-canary', 1)] };
    const preview = { name: 'preview', backendRefs: [to('shop-canary', 1)] };
    const live = route([rule('/', ...split(0)), theirs, preview]);
    const made = settled(live, asked({ canaryWeight: 0 }));
    expect(rules(made).map(({ name }) => name)).toEqual([undefined, 'by-header', 'preview', 'by-header-1']);
    expect(settled(made, asked({ canaryWeight: 0, headerRoutes: [] }))).toEqual(live);
  });

  test('follow their rule when it changes', () => {
    const made = settled(plain, asked());
    const moved = route([rule('/moved', ...split(20)), ...rules(made).slice(1)], made.metadata);
    expect(rules(settled(moved, asked()))[1]?.matches).toEqual([
      { path: { type: 'PathPrefix', value: '/moved' }, headers: [header()] },
    ]);
  });

  test('are the same with what the API server has filled in', () => {
    const bare = route([{ backendRefs: split(20) }], { labels: { [label.key]: label.value } });
    const made = settled(bare, asked());
    const filled = { ...rules(made)[1], matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [header()] }] };
    const served = route([rules(made)[0] ?? {}, filled], made.metadata);
    expect(settled(served, asked())).toBe(served);
  });
});

describe('the label of a rollout in progress', () => {
  const inProgress = { labels: { team: 'a', [label.key]: label.value } };

  test('is put on with the first traffic of the canary and taken off with the last', () => {
    const during = settled(plain, wanted({ canaryWeight: 20 }));
    expect(during.metadata.labels).toEqual({ [label.key]: label.value });
    expect(settled(during, wanted())).toEqual(plain);
  });

  test('stays where another rollout of the same route has put it', () => {
    const live = route([rule('/', ...split(0))], inProgress);
    expect(settled(live, wanted())).toBe(live);
  });

  test('is left alone when the user does not want it', () => {
    expect(settled(plain, wanted({ canaryWeight: 20, inProgressLabel: undefined })).metadata).toBe(plain.metadata);
  });

  test('has the name that the user wants', () => {
    const own = { key: 'a/b', value: 'c' };
    expect(settled(plain, wanted({ canaryWeight: 20, inProgressLabel: own })).metadata.labels).toEqual({ 'a/b': 'c' });
  });
});
