// Random histories of a canary whose traffic a router splits: the router is slow, away, forgets, and its answers are lost.
import fc from 'fast-check';
import type { CanaryStep, CanaryStrategy, RolloutSpec } from '@sluice/model';
import type { Choice } from '../src/index.ts';
import { historyOf, spokenFor } from './history.ts';
import type { History } from './history.ts';

const weights = fc.constantFrom(0, 10, 20, 50, 75, 100);
const byTurns = (router: Routing): fc.Arbitrary<CanaryStep[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: weights.map((setWeight): CanaryStep => ({ setWeight })) },
      { weight: 4, arbitrary: fc.constantFrom<CanaryStep>({ pause: {} }, { pause: { duration: 1 } }) },
      {
        weight: router === 'both' ? 0 : 2,
        arbitrary: fc.constantFrom<CanaryStep>(
          { setCanaryScale: { replicas: 1 } },
          { setCanaryScale: { replicas: 3 } },
          { setCanaryScale: { weight: 50 } },
          { setCanaryScale: { matchTrafficWeight: true } },
        ),
      },
      { weight: router === 'istio' ? 2 : 0, arbitrary: route },
    ),
    { minLength: 1, maxLength: 5 },
  );
const route = fc.constantFrom<CanaryStep>(
  { setHeaderRoute: { name: 'internal', match: [{ headerName: 'x-internal', headerValue: { exact: '1' } }] } },
  { setHeaderRoute: { name: 'internal' } },
  { setMirrorRoute: { name: 'mirror', match: [{ method: { exact: 'GET' } }], percentage: 50 } },
);

/** Each router has something that the others may not be asked for. */
const routings = {
  nginx: { nginx: { stableIngress: 'shop' }, maxTrafficWeight: 1000 },
  istio: {
    istio: { virtualService: { name: 'shop', routes: ['primary'] } },
    managedRoutes: [{ name: 'internal' }, { name: 'mirror' }],
  },
  both: { nginx: { stableIngress: 'shop' }, istio: { virtualService: { name: 'shop', routes: ['primary'] } } },
};
type Routing = keyof typeof routings;

const namedServices = { stableService: 'stable', canaryService: 'canary' };
const pingPong = { pingPong: { pingService: 'ping', pongService: 'pong' } };

const strategyOf = (router: Routing, steps: fc.Arbitrary<CanaryStep[]>) =>
  fc
    .record({
      steps: fc.oneof({ weight: 9, arbitrary: steps }, { weight: 1, arbitrary: fc.constant(undefined) }),
      // It needs a router, as some other settings do: of two that come and go none may be left.
      dynamicStableScale: router === 'both' ? fc.constant(false) : fc.boolean(),
      minPodsPerReplicaSet: fc.constantFrom(undefined, undefined, 2),
      abortScaleDownDelaySeconds: fc.constantFrom(undefined, undefined, 0, 5),
      scaleDownDelaySeconds: fc.constantFrom(undefined, 0, 5),
      services:
        router === 'istio' ? fc.constantFrom(namedServices, namedServices, pingPong) : fc.constant(namedServices),
    })
    // A dynamic stable set goes with its traffic, and admits no delay.
    .map((all) => (all.dynamicStableScale ? { ...all, scaleDownDelaySeconds: undefined } : all))
    .map(({ services, ...fields }): History['strategy'] => ({
      canary: {
        ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== false)),
        ...services,
        trafficRouting: routings[router],
      } as CanaryStrategy,
    }));

const nth = fc.nat(1);
const faults: fc.Arbitrary<Choice>[] = [
  fc.record({ do: fc.constant('router-loses' as const), nth, replies: fc.constantFrom(1, 1, 2, 5) }),
  fc.record({
    do: fc.constantFrom('router-goes' as const, 'router-restarts' as const, 'router-restarts' as const),
    nth,
  }),
  fc.record({ do: fc.constant('router-delays' as const), nth, ms: fc.constantFrom(0, 50, 1000, 20_000) }),
  fc.constant({ do: 'die', after: 0 }),
];
/** Taken out, put in, exchanged. */
const otherRouters: fc.Arbitrary<Choice> = fc
  .constantFrom<object | null>(
    { nginx: null, istio: routings.both.istio },
    { nginx: routings.both.nginx, istio: null },
    routings.both,
    null,
  )
  .map((trafficRouting) => ({
    do: 'change-spec',
    patch: { strategy: { canary: { trafficRouting, scaleDownDelaySeconds: null } } },
  }));
/** The same weights are another share from then on. */
const otherMaximum: fc.Arbitrary<Choice> = fc.constantFrom(100, 200, 1000, null).map((maxTrafficWeight) => ({
  do: 'change-spec',
  patch: { strategy: { canary: { trafficRouting: { maxTrafficWeight } } } },
}));
const changesOf = (router: Routing, steps: fc.Arbitrary<CanaryStep[]>): fc.Arbitrary<Choice>[] => [
  ...(router === 'both' ? [otherRouters] : []),
  ...(router === 'nginx' ? [otherMaximum] : []),
  steps.map((list) => ({ do: 'change-spec', patch: { strategy: { canary: { steps: list } } } })),
  (router === 'both' ? fc.constant(false) : fc.boolean()).map((dynamicStableScale) => ({
    do: 'change-spec',
    patch: { strategy: { canary: { dynamicStableScale, scaleDownDelaySeconds: null } } },
  })),
];

/** A deadline that aborts is longer than a slow router takes: otherwise there would be nothing else to see. */
const more = fc.constantFrom<Partial<RolloutSpec>>(
  {},
  {},
  {},
  { rollbackWindow: { revisions: 2 } },
  { progressDeadlineSeconds: 120, progressDeadlineAbort: true },
);

function historyWith(name: Routing): fc.Arbitrary<History> {
  const steps = byTurns(name);
  const choice = fc.oneof(
    { weight: 6, arbitrary: spokenFor(changesOf(name, steps)) },
    { weight: 1, arbitrary: fc.oneof(...faults) },
  );
  const how = fc.record({ verifies: fc.boolean(), delayMs: fc.constantFrom(0, 0, 200, 3000) });
  const names = name === 'both' ? ['nginx', 'istio'] : [name];
  return fc
    .tuple(historyOf(strategyOf(name, steps), choice), fc.tuple(...names.map(() => how)), more)
    .map(([history, hows, rest]) => ({
      ...history,
      routers: hows.map((each, i) => ({ name: names[i]!, ...each })),
      more: rest,
    }));
}

export const routedHistory = fc.oneof(
  { weight: 2, arbitrary: historyWith('nginx') },
  { weight: 2, arbitrary: historyWith('istio') },
  { weight: 1, arbitrary: historyWith('both') },
);
