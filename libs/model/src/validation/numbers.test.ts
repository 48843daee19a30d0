import { describe, expect, it } from 'vitest';
import type { BlueGreenStrategy, CanaryStrategy, Rollout, RolloutSpec } from '../index.ts';
import { formatFieldError } from './field-error.ts';
import { validateRollout } from './rollout.ts';

const labels = { app: 'shop' };
const rollout = (spec: RolloutSpec): Rollout => ({
  metadata: { name: 'shop' },
  spec: { selector: { matchLabels: labels }, template: { metadata: { labels } }, ...spec },
});
const errorOf = (spec: RolloutSpec): string | undefined => {
  const error = validateRollout(rollout(spec));
  return error && formatFieldError(error);
};
const routed: CanaryStrategy = { canaryService: 'c', stableService: 's', trafficRouting: { istio: {} } };
const canary = (fields: CanaryStrategy): RolloutSpec => ({ strategy: { canary: { ...routed, ...fields } } });
const blueGreen = (fields: Partial<BlueGreenStrategy>): RolloutSpec => ({
  strategy: { blueGreen: { activeService: 'active', ...fields } },
});
const nginx = (maxTrafficWeight: number): CanaryStrategy => ({
  trafficRouting: { nginx: { stableIngress: 'i' }, maxTrafficWeight },
});
const experiment = (fields: object): CanaryStrategy => ({ steps: [{ experiment: { templates: [], ...fields } }] });
const variant = (fields: object) => experiment({ templates: [{ name: 'a', specRef: 'canary', ...fields }] });
const notBelowZero = 'must be greater than or equal to 0';

const disabling: readonly [path: string, value: unknown, spec: RolloutSpec, detail?: string][] = [
  ['spec.replicas', -1, { ...canary({}), replicas: -1 }],
  ['spec.minReadySeconds', -1, { ...canary({}), minReadySeconds: -1 }],
  ['spec.revisionHistoryLimit', -1, { ...canary({}), revisionHistoryLimit: -1 }],
  ['spec.progressDeadlineSeconds', -1, { ...canary({}), progressDeadlineSeconds: -1 }],
  ['spec.rollbackWindow.revisions', -1, { ...canary({}), rollbackWindow: { revisions: -1 } }],
  ['spec.analysis.successfulRunHistoryLimit', -1, { ...canary({}), analysis: { successfulRunHistoryLimit: -1 } }],
  ['spec.analysis.unsuccessfulRunHistoryLimit', -1, { ...canary({}), analysis: { unsuccessfulRunHistoryLimit: -1 } }],
  ...(['scaleDownDelaySeconds', 'scaleDownDelayRevisionLimit', 'abortScaleDownDelaySeconds'] as const).flatMap(
    (field): [string, number, RolloutSpec][] => [
      [`spec.strategy.${field}`, -1, canary({ [field]: -1 })],
      [`spec.strategy.${field}`, -1, blueGreen({ [field]: -1 })],
    ],
  ),
  ['spec.strategy.minPodsPerReplicaSet', -1, canary({ minPodsPerReplicaSet: -1 })],
  ['spec.strategy.autoPromotionSeconds', -1, blueGreen({ autoPromotionSeconds: -1 })],
  ['spec.strategy.previewReplicaCount', -1, blueGreen({ previewReplicaCount: -1 })],
  ['spec.strategy.maxSurge', '-10%', canary({ maxSurge: '-10%' })],
  ['spec.strategy.maxUnavailable', -1, canary({ maxUnavailable: -1 })],
  ...['abc', '', 'NaN', '1.5', '%'].flatMap((text): [string, string, RolloutSpec, string][] => [
    [
      'spec.strategy.maxSurge',
      text,
      canary({ maxSurge: text, maxUnavailable: 1 }),
      'must be a number of pods such as 1, or a percentage such as 25%',
    ],
    [
      'spec.strategy.maxUnavailable',
      text,
      canary({ maxUnavailable: text }),
      'must be a number of pods such as 1, or a percentage such as 25%',
    ],
  ]),
  ['spec.strategy.trafficRouting.maxTrafficWeight', 0, canary(nginx(0)), 'must be at least 1'],
  ['spec.strategy.trafficRouting.maxTrafficWeight', -5, canary(nginx(-5)), 'must be at least 1'],
  ...([-1, 0, 101] as const).map((value): [string, number, RolloutSpec, string] => [
    'spec.strategy.replicaProgressThreshold.value',
    value,
    canary({ replicaProgressThreshold: { type: 'Percent', value } }),
    'must be between 1 and 100',
  ]),
  [
    'spec.strategy.replicaProgressThreshold.value',
    0,
    canary({ replicaProgressThreshold: { type: 'Pods', value: 0 } }),
    'must be at least 1',
  ],
  [
    'spec.strategy.steps[0].setWeight',
    -1,
    canary({ steps: [{ setWeight: -1 }] }),
    'SetWeight needs to be between 0 and 100',
  ],
  ['spec.strategy.steps[0].setCanaryScale.replicas', -1, canary({ steps: [{ setCanaryScale: { replicas: -1 } }] })],
  ['spec.strategy.steps[0].setCanaryScale.weight', -1, canary({ steps: [{ setCanaryScale: { weight: -1 } }] })],
  [
    'spec.strategy.steps[0].experiment.duration',
    '-5m',
    canary(experiment({ duration: '-5m' })),
    'must not be negative',
  ],
  [
    'spec.strategy.steps[0].experiment.duration',
    '5 min',
    canary(experiment({ duration: '5 min' })),
    'time: unknown unit " min" in duration "5 min": the units are s, m and h: write a duration such as 90s, 10m or 24h',
  ],
  ['spec.strategy.steps[0].experiment.scaleDownDelaySeconds', -1, canary(experiment({ scaleDownDelaySeconds: -1 }))],
  ['spec.strategy.steps[0].experiment.templates[0].replicas', -1, canary(variant({ replicas: -1 }))],
  [
    'spec.strategy.steps[0].experiment.templates[0].weight',
    -1,
    canary(variant({ weight: -1 })),
    'must be between 0 and 100',
  ],
  [
    'spec.strategy.steps[0].experiment.templates[0].weight',
    101,
    canary(variant({ weight: 101 })),
    'must be between 0 and 100',
  ],
  ['spec.strategy.analysis.startingStep', -1, canary({ analysis: { startingStep: -1 } })],
];

describe('a number of a Rollout that disables a guard', () => {
  it.each(disabling)('%s: %j is invalid', (path, value, spec, detail = notBelowZero) => {
    expect(errorOf(spec)).toBe(`${path}: Invalid value: ${JSON.stringify(value)}: ${detail}`);
  });

  it('keeps documented meanings: 0 for no delay, no window, no old ReplicaSets, a preview for ever', () => {
    const none = { scaleDownDelaySeconds: 0, abortScaleDownDelaySeconds: 0, scaleDownDelayRevisionLimit: 0 };
    const zeros = { replicas: 0, minReadySeconds: 0, revisionHistoryLimit: 0, rollbackWindow: { revisions: 0 } };
    expect(
      errorOf({ ...blueGreen({ ...none, autoPromotionSeconds: 0, previewReplicaCount: 0 }), ...zeros }),
    ).toBeUndefined();
    const scale = [{ setCanaryScale: { replicas: 0 } }, { setCanaryScale: { weight: 200 } }];
    expect(
      errorOf({ ...canary({ ...none, steps: scale, maxSurge: '25', maxUnavailable: 0 }), ...zeros }),
    ).toBeUndefined();
  });
});
