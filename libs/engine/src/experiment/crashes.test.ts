import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnalysisPhase } from '@sluice/model';
import { ExperimentWorld, experimentOf, variant } from '../testing/experiment-world.ts';
import type { Decide, Happening } from '../testing/experiment-world.ts';
import { decideExperiment } from './decide-experiment.ts';
import type { ExperimentAction, ExperimentDecision } from './decision.ts';

const phases: readonly AnalysisPhase[] = ['Running', 'Running', 'Successful', 'Failed', 'Inconclusive', 'Error'];
const named = <
  const Kinds extends readonly (
    'terminate' | 'retry' | 'restart' | 'runner away' | 'runner back' | 'route' | 'unroute'
  )[],
>(
  ...kinds: Kinds
) => fc.constantFrom(...kinds).map((kind): Happening => ({ kind }));

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('decide' as const), writes: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pods' as const), ready: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('measure' as const), phase: fc.constantFrom(...phases) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), seconds: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 3, arbitrary: named('route', 'route', 'route', 'unroute', 'restart', 'runner away', 'runner back') },
  { weight: 1, arbitrary: named('terminate', 'retry') },
);

const spec = fc.record({
  duration: fc.constantFrom(undefined, '5s', '1m'),
  delay: fc.constantFrom(0, 1, 30),
  required: fc.boolean(),
  analysed: fc.boolean(),
  service: fc.boolean(),
  ofRollout: fc.boolean(),
  deadline: fc.constantFrom(3, 600),
});

/** Plays a history, then lets everything come to rest, and says what is wrong with what is left; undefined when nothing is. */
function whatIsLeftBehind(
  decide: Decide,
  given: typeof spec extends fc.Arbitrary<infer T> ? T : never,
  history: readonly Happening[],
): string | undefined {
  const { duration, delay, required, analysed, service, ofRollout, deadline } = given;
  const world = new ExperimentWorld(
    experimentOf(
      {
        templates: [variant('a', service ? { service: {} } : {}), variant('b', { replicas: 2 })],
        scaleDownDelaySeconds: delay,
        progressDeadlineSeconds: deadline,
        ...(duration && { duration }),
        ...(analysed && { analyses: [{ name: 'check', templateName: 'check', requiredForCompletion: required }] }),
      },
      ofRollout,
    ),
    decide,
  );
  for (const one of history) world.happen(one);
  world.happen({ kind: 'terminate' });
  const last = world.calmDown();
  if (world.breaches.length > 0) return world.breaches[0];
  const { phase } = world.experiment.status ?? {};
  if (!phase || phase === 'Pending' || phase === 'Running') return `it has not ended: ${phase}`;
  const left = [
    ...world.sets.filter((set) => (set.spec.replicas ?? 1) > 0 || (set.status?.replicas ?? 0) > 0),
    ...world.services,
    ...world.runs.filter((run) => !run.status || run.status.phase === 'Running' || run.status.phase === 'Pending'),
  ];
  if (left.length > 0) return `still there: ${left.map(({ metadata }) => metadata.name).join(', ')}`;
  if (last.actions.length > 0 || last.statusUrgency !== 'unchanged') return 'it never comes to rest';
  return undefined;
}

const property = (decide: Decide) =>
  fc.property(spec, fc.array(happening, { maxLength: 40 }), (given, history) => {
    expect(whatIsLeftBehind(decide, given, history)).toBeUndefined();
  });

const timeout = 240_000;

test(
  'whatever happens and wherever the manager is killed, the experiment ends and nothing that it made is left running',
  { timeout },
  () => {
    fc.assert(property(decideExperiment), { numRuns: 500, seed: 2026 });
  },
);

const without = (decision: ExperimentDecision, isLost: (action: ExperimentAction) => boolean): ExperimentDecision => ({
  ...decision,
  actions: decision.actions.filter((action) => !isLost(action)),
});

/** Mistakes that are easily made, each of which the property has to find. */
const mutants: Readonly<Record<string, Decide>> = {
  'acts only when its status changes': (snapshot) => {
    const decision = decideExperiment(snapshot);
    return decision.statusUrgency === 'unchanged' ? { ...decision, actions: [], wakeAt: undefined! } : decision;
  },
  'ends only the runs that its status names': (snapshot) => {
    const noted = new Set(snapshot.experiment.status?.analysisRuns?.map(({ analysisRun }) => analysisRun));
    return without(
      decideExperiment(snapshot),
      (action) => action.kind === 'TerminateAnalysisRun' && !noted.has(action.run.name),
    );
  },
  'does not ask what is routed': (snapshot) => decideExperiment({ ...snapshot, routedHashes: [] }),
  'forgets the Service when the pods are gone': (snapshot) =>
    without(decideExperiment(snapshot), (action) => action.kind === 'DeleteService'),
  'takes a stopped run for success': (snapshot) => {
    const decision = decideExperiment(snapshot);
    return decision.status.phase === 'Inconclusive'
      ? { ...decision, status: { ...decision.status, phase: 'Successful' } }
      : decision;
  },
};

test.each(Object.entries(mutants))('the property finds a manager that %s', { timeout }, (_name, mutant) => {
  expect(fc.check(property(mutant), { numRuns: 2_000, seed: 3, endOnFailure: true }).failed).toBe(true);
});
