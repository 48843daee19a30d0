// Random histories of a canary whose steps compare versions: by time alone or by what analyses say, while people and faults interfere.
import fc from 'fast-check';
import type { CanaryStep, CanaryStrategy, ExperimentStep } from '@sluice/model';
import type { Choice } from '../src/index.ts';
import { measured, measuredChoice } from './history.ts';

const analysis = fc.constantFrom<Pick<ExperimentStep, 'analyses'>>(
  {},
  { analyses: [{ name: 'check', templateName: 'check' }] },
  { analyses: [{ name: 'check', templateName: 'check', requiredForCompletion: true }] },
);
const experiment: fc.Arbitrary<CanaryStep> = fc
  .record({
    duration: fc.constantFrom(undefined, '1s', '5s'),
    scaleDownDelaySeconds: fc.constantFrom(undefined, 0, 0, 5),
    service: fc.boolean(),
    labels: fc.boolean(),
    analysis,
  })
  .map(({ duration, scaleDownDelaySeconds, service, labels, analysis: { analyses } }) => ({
    experiment: {
      ...(duration && { duration }),
      ...(scaleDownDelaySeconds !== undefined && { scaleDownDelaySeconds }),
      ...(analyses && { analyses }),
      templates: [
        { name: 'baseline', specRef: 'stable', ...(labels && { metadata: { labels: { variant: 'a' } } }) },
        { name: 'candidate', specRef: 'canary', replicas: 2, ...(service && { service: {} }) },
      ],
    },
  }));
const steps = fc.array(
  fc.oneof(
    fc.constantFrom(25, 50, 100).map((setWeight): CanaryStep => ({ setWeight })),
    fc.constantFrom<CanaryStep>({ pause: {} }, { pause: { duration: 1 } }),
    experiment,
    experiment,
  ),
  { minLength: 1, maxLength: 4 },
);

const nth = fc.nat(3);
const meddling: fc.Arbitrary<Choice>[] = [
  fc.record({ do: fc.constant('manager-dies' as const), nth, after: fc.nat(4) }),
  fc.record({ do: fc.constant('manager-dies' as const), nth, after: fc.nat(4) }),
  fc
    .constantFrom('Experiment', 'ReplicaSet', 'Service', 'AnalysisRun')
    .map((kind) => ({ do: 'manager-lags', kind }) as Choice),
  fc.constant({ do: 'lag', kind: 'Experiment' }),
  fc.record({
    do: fc.constantFrom(
      'terminate-experiment' as const,
      'delete-experiment' as const,
      'retry-experiment' as const,
      'pod-dies' as const,
    ),
    nth,
  }),
  fc.constant({ do: 'catch-up' }),
];
const changes: fc.Arbitrary<Choice>[] = [
  steps.map((list) => ({ do: 'change-spec', patch: { strategy: { canary: { steps: list } } } })),
];

export const experimentHistory = measured(
  fc.record({ steps, services: fc.boolean() }).map(({ steps: list, services }) => ({
    canary: {
      steps: list,
      ...(services ? { stableService: 'stable', canaryService: 'canary' } : {}),
    } as CanaryStrategy,
  })),
  fc.oneof({ weight: 5, arbitrary: measuredChoice(changes) }, { weight: 1, arbitrary: fc.oneof(...meddling) }),
);
