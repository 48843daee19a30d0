// Random histories of a canary whose traffic a router splits: the router is slow, away, forgets, and its answers are lost.
import fc from 'fast-check';
import type { CanaryStep, CanaryStrategy, RolloutSpec } from '@sluice/model';
import type { Choice } from '../src/index.ts';
import { historyOf, spokenFor } from './history.ts';
import type { History } from './history.ts';

const weights = fc.constantFrom(0, 10, 20, 50, 75, 100);
const byTurns = (routes: boolean): fc.Arbitrary<CanaryStep[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: weights.map((setWeight): CanaryStep => ({ setWeight })) },
      { weight: 4, arbitrary: fc.constantFrom<CanaryStep>({ pause: {} }, { pause: { duration: 1 } }) },
      {
        weight: 2,
        arbitrary: fc.constantFrom<CanaryStep>(
          { setCanaryScale: { replicas: 1 } },
          { setCanaryScale: { replicas: 3 } },
          { setCanaryScale: { weight: 50 } },
          { setCanaryScale: { matchTrafficWeight: true } },
        ),
      },
      { weight: routes ? 2 : 0, arbitrary: route },
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
};

const strategyOf = (router: keyof typeof routings, steps: fc.Arbitrary<CanaryStep[]>) =>
  fc
    .record({
      steps: fc.oneof({ weight: 9, arbitrary: steps }, { weight: 1, arbitrary: fc.constant(undefined) }),
      dynamicStableScale: fc.boolean(),
      minPodsPerReplicaSet: fc.constantFrom(undefined, undefined, 2),
      abortScaleDownDelaySeconds: fc.constantFrom(undefined, undefined, 0, 5),
      scaleDownDelaySeconds: fc.constantFrom(undefined, 0, 5),
    })
    // A dynamic stable set goes with its traffic, and admits no delay.
    .map((all) => (all.dynamicStableScale ? { ...all, scaleDownDelaySeconds: undefined } : all))
    .map((fields): History['strategy'] => ({
      canary: {
        ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== false)),
        stableService: 'stable',
        canaryService: 'canary',
        trafficRouting: routings[router],
      } as CanaryStrategy,
    }));

const faults: fc.Arbitrary<Choice>[] = [
  fc.constantFrom(1, 1, 2, 5).map((replies): Choice => ({ do: 'router-loses', replies })),
  fc.constantFrom<Choice>({ do: 'router-goes' }, { do: 'router-restarts' }, { do: 'router-restarts' }),
  fc.constantFrom(0, 50, 1000, 20_000).map((ms): Choice => ({ do: 'router-delays', ms })),
  fc.constant({ do: 'die', after: 0 }),
];
const changesOf = (steps: fc.Arbitrary<CanaryStep[]>): fc.Arbitrary<Choice>[] => [
  steps.map((list) => ({ do: 'change-spec', patch: { strategy: { canary: { steps: list } } } })),
  fc.boolean().map((dynamicStableScale) => ({
    do: 'change-spec',
    patch: { strategy: { canary: { dynamicStableScale, scaleDownDelaySeconds: null } } },
  })),
];

/** No deadline that aborts: while a router is slow, an update may take longer than any. */
const more = fc.constantFrom<Partial<RolloutSpec>>({}, {}, { rollbackWindow: { revisions: 2 } });

function historyWith(name: keyof typeof routings): fc.Arbitrary<History> {
  const steps = byTurns(name === 'istio');
  const choice = fc.oneof(
    { weight: 6, arbitrary: spokenFor(changesOf(steps)) },
    { weight: 1, arbitrary: fc.oneof(...faults) },
  );
  const router = fc.record({ verifies: fc.boolean(), delayMs: fc.constantFrom(0, 0, 200, 3000) });
  return fc
    .tuple(historyOf(strategyOf(name, steps), choice), router, more)
    .map(([{ workload: _, ...history }, how, rest]) => ({ ...history, router: { name, ...how }, more: rest }));
}

export const routedHistory = fc.oneof(historyWith('nginx'), historyWith('istio'));
