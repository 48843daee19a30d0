// Random histories: a Rollout as it begins, what happens to it, and what it must come to once faults stop.
import fc from 'fast-check';
import { serviceNamesOf } from '@sluice/model';
import type {
  BlueGreenStrategy,
  CanaryStrategy,
  Metric,
  PodTemplateSpec,
  RolloutSpec,
  WorkloadScaleDown,
} from '@sluice/model';
import type { Choice, Manifest, RouterOptions, StepPluginOptions } from '../src/index.ts';

export type Goal = 'abort' | 'promote' | 'rollback' | 'supersede';

export interface History {
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly strategy: { readonly canary?: CanaryStrategy; readonly blueGreen?: BlueGreenStrategy };
  /** Deadlines and windows. */
  readonly more?: Partial<RolloutSpec>;
  /** The template is a Deployment's, whose own pods go when this says so. */
  readonly workload?: WorkloadScaleDown;
  /** What the analyses measure. */
  readonly metrics?: Metric;
  /** They split the traffic, those of them that the strategy names. */
  readonly routers?: readonly RouterOptions[];
  /** Do steps. */
  readonly stepPlugins?: StepPluginOptions;
  /** Whether the first version is up before anything happens. */
  readonly deployed: boolean;
  readonly choices: readonly Choice[];
  readonly goal: Goal;
}

export const ROLLOUT = 'shop';
export const images = ['shop:1', 'shop:2', 'shop:3'];
export const service = (name: string): Manifest => ({
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: ROLLOUT }, ports: [{ port: 80 }] },
});

const template: PodTemplateSpec = {
  metadata: { labels: { app: ROLLOUT } },
  spec: { containers: [{ name: 'shop', image: images[0]!, ports: [{ containerPort: 8080 }] }] },
};
const selector = { matchLabels: { app: ROLLOUT } };

/** What is there at the beginning, in the order in which it is applied. */
export function manifestsOf(history: History): Manifest[] {
  const { replicas, minReadySeconds, strategy, more, workload } = history;
  const common = { replicas, minReadySeconds, revisionHistoryLimit: 2, strategy, ...more };
  const deployment: Manifest = {
    kind: 'Deployment',
    metadata: { name: ROLLOUT },
    spec: { replicas: 1, selector, template },
  };
  const workloadRef = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: ROLLOUT,
    ...(workload ? { scaleDown: workload } : {}),
  };
  return [
    ...serviceNamesOf({ spec: history }).map(service),
    ...(history.metrics
      ? [{ kind: 'AnalysisTemplate' as const, metadata: { name: 'check' }, spec: { metrics: [history.metrics] } }]
      : []),
    ...(workload ? [deployment] : []),
    {
      kind: 'Rollout',
      metadata: { name: ROLLOUT },
      spec: workload ? { ...common, workloadRef } : { ...common, selector, template },
    },
  ];
}

// Choices

const nth = fc.nat(5);
const run = fc.record({
  do: fc.constant('run' as const),
  happenings: fc.integer({ min: 1, max: 45 }),
  picks: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
});
const replicas = fc.nat(6);
export const stepsArbitrary = fc.oneof(
  fc.constant(undefined),
  fc.array(
    fc.oneof(
      fc.constantFrom(0, 10, 25, 50, 75, 100).map((setWeight) => ({ setWeight })),
      fc.constantFrom({}, {}, { duration: 1 }, { duration: '3s' }, { duration: 0 }).map((pause) => ({ pause })),
    ),
    { minLength: 1, maxLength: 4 },
  ),
);
const surgeArbitrary = fc.constantFrom<[number | string, number | string]>(
  ['25%', '25%'],
  [1, 0],
  [0, 1],
  [2, 0],
  [0, 2],
  ['100%', 0],
  ['50%', '50%'],
  [1, 1],
  [0, '100%'],
);

const calm: fc.Arbitrary<Choice>[] = [
  run,
  run,
  run,
  fc.constantFrom(300, 1000, 3000, 31_000, 601_000).map((ms) => ({ do: 'pass-time', ms })),
];
const people: fc.Arbitrary<Choice>[] = [
  fc.constantFrom(...images).map((image) => ({ do: 'set-image', image })),
  fc
    .constantFrom('next', 'full', 'skip-current-step', 'skip-all-steps')
    .map((how) => ({ do: 'promote', how }) as Choice),
  fc.constantFrom<Choice>(
    { do: 'abort' },
    { do: 'retry' },
    { do: 'undo' },
    { do: 'restart' },
    { do: 'pause', paused: true },
    { do: 'pause', paused: false },
  ),
  replicas.map((count) => ({ do: 'scale', replicas: count })),
];
const faults: fc.Arbitrary<Choice>[] = [
  fc.record({
    do: fc.constant('image-behaviour' as const),
    image: fc.constantFrom(...images),
    startMs: fc.constantFrom<number | 'never'>('never', 'never', 0, 5000, 30_000),
  }),
  fc.record({
    do: fc.constantFrom(
      'pod-dies' as const,
      'pod-unready' as const,
      'delete-set' as const,
      'touch-set' as const,
      'lag-set' as const,
      'delete-service' as const,
    ),
    nth,
  }),
  fc.record({ do: fc.constantFrom('pod-dies' as const, 'pod-unready' as const), nth }),
  fc.record({ do: fc.constant('scale-set' as const), nth, replicas }),
  fc.record({ do: fc.constant('edit-service' as const), nth, set: fc.oneof(nth, fc.constant('none' as const)) }),
  fc.constantFrom('ReplicaSet', 'Rollout', 'Service', 'Pod').map((kind) => ({ do: 'lag', kind }) as Choice),
  fc.constant({ do: 'catch-up' }),
  fc.constantFrom(true, false, false).map((refused) => ({ do: 'refuse-creates', refused })),
  fc.boolean().map((refused) => ({ do: 'refuse-evictions', refused })),
];

const weighted = (...groups: readonly [weight: number, arbitraries: fc.Arbitrary<Choice>[]][]): fc.Arbitrary<Choice> =>
  fc.oneof(...groups.map(([weight, arbitraries]) => ({ weight, arbitrary: fc.oneof(...arbitraries) })));

export const spokenFor = (changes: fc.Arbitrary<Choice>[]): fc.Arbitrary<Choice> => {
  const simple = weighted([8, calm], [5, people], [2, faults], [1, changes]);
  const dying = fc.nat(3).map((after): Choice => ({ do: 'die', after }));
  const racing = weighted([3, people], [2, faults]).map((other): Choice => ({ do: 'race', with: other }));
  return fc.oneof({ weight: 12, arbitrary: simple }, { weight: 1, arbitrary: dying }, { weight: 1, arbitrary: racing });
};

/** People do what they like, but nothing fails. */
export const calmChoices = (changes: fc.Arbitrary<Choice>[]): fc.Arbitrary<Choice> =>
  weighted([6, calm], [5, people], [1, changes]);

const moreArbitrary = fc.constantFrom<Partial<RolloutSpec>>(
  {},
  {},
  { progressDeadlineSeconds: 20 },
  { progressDeadlineSeconds: 20, progressDeadlineAbort: true },
  { rollbackWindow: { revisions: 2 } },
);
const workloadArbitrary = fc.constantFrom<WorkloadScaleDown | undefined>(
  ...Array<undefined>(9).fill(undefined),
  'never',
  'onsuccess',
  'progressively',
);

export const historyOf = (
  strategy: fc.Arbitrary<History['strategy']>,
  choice: fc.Arbitrary<Choice>,
): fc.Arbitrary<History> =>
  fc.record({
    replicas,
    minReadySeconds: fc.constantFrom(0, 0, 2),
    strategy,
    more: moreArbitrary,
    workload: workloadArbitrary,
    deployed: fc.constantFrom(true, true, true, false),
    choices: fc.array(choice, { minLength: 1, maxLength: 40, size: 'max' }),
    goal: fc.constantFrom<Goal>('abort', 'promote', 'rollback', 'supersede'),
  });

const canaryStrategy = fc

  .record({
    steps: stepsArbitrary,
    surge: surgeArbitrary,
    services: fc.boolean(),
    metadata: fc.constantFrom(undefined, undefined, undefined, {
      canaryMetadata: { labels: { role: 'canary' } },
      stableMetadata: { labels: { role: 'stable' } },
    }),
  })
  .map(({ steps, surge: [maxSurge, maxUnavailable], services, metadata }): History['strategy'] => ({
    canary: {
      ...(steps ? { steps } : {}),
      ...metadata,
      maxSurge,
      maxUnavailable,
      ...(services ? { stableService: 'stable', canaryService: 'canary' } : {}),
    } as CanaryStrategy,
  }));
const canaryChanges: fc.Arbitrary<Choice>[] = [
  stepsArbitrary.map((steps) => ({ do: 'change-spec', patch: { strategy: { canary: { steps: steps ?? null } } } })),
  surgeArbitrary.map(([maxSurge, maxUnavailable]) => ({
    do: 'change-spec',
    patch: { strategy: { canary: { maxSurge, maxUnavailable } } },
  })),
];

const blueGreenStrategy = fc
  .record({
    previewService: fc.constantFrom('preview', 'preview', undefined),
    autoPromotionEnabled: fc.boolean(),
    autoPromotionSeconds: fc.constantFrom(undefined, undefined, 3),
    previewReplicaCount: fc.constantFrom(undefined, undefined, 1, 2),
    scaleDownDelaySeconds: fc.constantFrom(undefined, 0, 5, 30),
    abortScaleDownDelaySeconds: fc.constantFrom(undefined, 0, 5),
    scaleDownDelayRevisionLimit: fc.constantFrom(undefined, undefined, 0, 1),
  })
  .map((fields): History['strategy'] => ({
    blueGreen: {
      activeService: 'active',
      ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    },
  }));
const blueGreenChanges: fc.Arbitrary<Choice>[] = [
  fc.boolean().map((autoPromotionEnabled) => ({
    do: 'change-spec',
    patch: { strategy: { blueGreen: { autoPromotionEnabled } } },
  })),
  fc
    .constantFrom(1, 2, null)
    .map((previewReplicaCount) => ({ do: 'change-spec', patch: { strategy: { blueGreen: { previewReplicaCount } } } })),
];

export const canaryHistory = historyOf(canaryStrategy, spokenFor(canaryChanges));
export const blueGreenHistory = historyOf(blueGreenStrategy, spokenFor(blueGreenChanges));
export const calmCanaryHistory = historyOf(canaryStrategy, calmChoices(canaryChanges));

// Analyses: what metrics say may change at any time, runs are ended or deleted by people, and the analysis-runner dies.

const check = { templates: [{ templateName: 'check' }] };
const metricsArbitrary: fc.Arbitrary<Metric> = fc
  .record({
    count: fc.integer({ min: 1, max: 3 }),
    failureLimit: fc.constantFrom(0, 0, 1),
    initialDelay: fc.constantFrom('0s', '0s', '2s'),
  })
  .map((fields) => ({
    name: 'metric',
    interval: '1s',
    consecutiveErrorLimit: 1,
    provider: { web: { url: 'http://metrics/' } },
    ...fields,
    count: Math.max(fields.count, fields.failureLimit),
  }));
const measuredStepsArbitrary = fc.array(
  fc.oneof(
    fc.constantFrom(10, 50, 100).map((setWeight) => ({ setWeight })),
    fc.constantFrom({}, { duration: 1 }).map((pause) => ({ pause })),
    fc.constant({ analysis: check }),
    fc.constant({ analysis: check }),
  ),
  { minLength: 1, maxLength: 4 },
);
const measuring: fc.Arbitrary<Choice>[] = [
  fc
    .constantFrom('Successful' as const, 'Failed' as const, 'Inconclusive' as const, 'Error' as const)
    .map((phase) => ({ do: 'metrics-say', phase })),
  fc.constant({ do: 'runner-dies' }),
  fc.record({ do: fc.constantFrom('terminate-run' as const, 'delete-run' as const), nth }),
  fc.constantFrom('AnalysisRun', 'Rollout').map((kind) => ({ do: 'lag', kind }) as Choice),
  fc.constant({ do: 'catch-up' }),
];
export const measuredChoice = (changes: fc.Arbitrary<Choice>[]): fc.Arbitrary<Choice> =>
  fc.oneof({ weight: 4, arbitrary: spokenFor(changes) }, { weight: 1, arbitrary: fc.oneof(...measuring) });

export const measured = (
  strategy: fc.Arbitrary<History['strategy']>,
  choice: fc.Arbitrary<Choice>,
): fc.Arbitrary<History> =>
  fc
    .tuple(historyOf(strategy, choice), metricsArbitrary)
    .map(([history, metrics]) => ({ ...history, more: {}, metrics }));

export const measuredCanaryHistory = measured(
  fc
    .record({ steps: measuredStepsArbitrary, background: fc.boolean(), startingStep: fc.nat(2) })
    .map(({ steps, background, startingStep }) => ({
      canary: { steps, ...(background ? { analysis: { ...check, startingStep } } : {}) } as CanaryStrategy,
    })),
  measuredChoice([
    measuredStepsArbitrary.map((steps) => ({ do: 'change-spec', patch: { strategy: { canary: { steps } } } })),
  ]),
);
export const measuredBlueGreenHistory = measured(
  fc.record({ strategy: blueGreenStrategy, pre: fc.boolean(), post: fc.boolean() }).map(({ strategy, pre, post }) => ({
    blueGreen: {
      ...strategy.blueGreen!,
      ...(pre ? { prePromotionAnalysis: check } : {}),
      ...(post || !pre ? { postPromotionAnalysis: check } : {}),
    },
  })),
  measuredChoice(blueGreenChanges),
);
