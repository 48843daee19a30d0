import type { ExperimentStep, SetMirrorRoute } from '../api/rollout-steps.ts';
import type { BlueGreenStrategy, CanaryStrategy } from '../api/rollout-strategy.ts';
import type { RolloutSpec } from '../api/rollout.ts';
import type { IntOrString } from '../api/schema.ts';
import { durationHint, parseDuration } from '../durations.ts';
import { percentOf } from '../int-or-string.ts';
import { firstError, invalid, negative } from './field-error.ts';
import type { FieldError } from './field-error.ts';

// Numbers that Argo Rollouts accepts and that disable a guard: a negative time is over before it begins, a negative
// number of revisions keeps none, a threshold of 0 is met without pods, text that is no number counts as 0.

type Rule = () => FieldError | undefined;
type Count = number | null | undefined;

const negatives = (path: string, values: Readonly<Record<string, Count>>): readonly Rule[] =>
  Object.entries(values).map(
    ([name, value]) =>
      () =>
        negative(`${path}.${name}`, value),
  );

const within = (path: string, value: Count, least: number, most: number): FieldError | undefined => {
  if (typeof value !== 'number' || (value >= least && value <= most)) return undefined;
  const range = most === Infinity ? `must be at least ${least}` : `must be between ${least} and ${most}`;
  return invalid(path, value, range);
};

/** Pods as a number or a percentage. */
const podsError = (path: string, value: IntOrString | null | undefined): FieldError | undefined =>
  typeof value === 'string' && percentOf(value) === undefined
    ? invalid(path, value, 'must be a number of pods such as 1, or a percentage such as 25%')
    : undefined;

const delaysOf = (strategy: BlueGreenStrategy | CanaryStrategy): Readonly<Record<string, Count>> => ({
  scaleDownDelaySeconds: strategy.scaleDownDelaySeconds,
  scaleDownDelayRevisionLimit: strategy.scaleDownDelayRevisionLimit,
  abortScaleDownDelaySeconds: strategy.abortScaleDownDelaySeconds,
});

const durationError = (path: string, duration: string | null | undefined): FieldError | undefined => {
  if (!duration) return undefined;
  const parsed = parseDuration(duration);
  if (!parsed.ok) return invalid(path, duration, `${parsed.error}: ${durationHint}`);
  return parsed.ms < 0 ? invalid(path, duration, 'must not be negative') : undefined;
};

const experimentRules = (step: ExperimentStep, path: string): readonly Rule[] => [
  () => durationError(`${path}.duration`, step.duration),
  ...negatives(path, { scaleDownDelaySeconds: step.scaleDownDelaySeconds }),
  ...(step.templates ?? []).flatMap(({ replicas, weight }, index) => [
    () => negative(`${path}.templates[${index}].replicas`, replicas),
    () => within(`${path}.templates[${index}].weight`, weight, 0, 100),
  ]),
];

const mirrorRules = ({ percentage }: SetMirrorRoute, path: string): readonly Rule[] => [
  () => within(`${path}.percentage`, percentage, 0, 100),
];

const thresholdError = ({ replicaProgressThreshold }: CanaryStrategy, path: string): FieldError | undefined => {
  if (!replicaProgressThreshold) return undefined;
  const { type, value } = replicaProgressThreshold;
  return within(`${path}.replicaProgressThreshold.value`, value, 1, type === 'Percent' ? 100 : Infinity);
};

const stepRules = (canary: CanaryStrategy): readonly Rule[] =>
  (canary.steps ?? []).flatMap(({ setCanaryScale, setMirrorRoute, experiment }, index) => {
    const path = `spec.strategy.steps[${index}]`;
    const { weight, replicas } = setCanaryScale ?? {};
    return [
      ...negatives(`${path}.setCanaryScale`, { weight, replicas }),
      ...(setMirrorRoute ? mirrorRules(setMirrorRoute, `${path}.setMirrorRoute`) : []),
      ...(experiment ? experimentRules(experiment, `${path}.experiment`) : []),
    ];
  });

const canaryRules = (canary: CanaryStrategy, path: string): readonly Rule[] => [
  () => podsError(`${path}.maxSurge`, canary.maxSurge),
  () => podsError(`${path}.maxUnavailable`, canary.maxUnavailable),
  ...negatives(path, { ...delaysOf(canary), minPodsPerReplicaSet: canary.minPodsPerReplicaSet }),
  () => thresholdError(canary, path),
  () => within(`${path}.trafficRouting.maxTrafficWeight`, canary.trafficRouting?.maxTrafficWeight, 1, Infinity),
  ...negatives(`${path}.analysis`, { startingStep: canary.analysis?.startingStep }),
  ...stepRules(canary),
];

const blueGreenRules = (blueGreen: BlueGreenStrategy, path: string): readonly Rule[] =>
  negatives(path, { autoPromotionSeconds: blueGreen.autoPromotionSeconds, ...delaysOf(blueGreen) });

/** The first number of a Rollout that disables a guard. Asked after the rules that Argo Rollouts has as well. */
export const numberError = ({ strategy, rollbackWindow, analysis }: RolloutSpec): FieldError | undefined =>
  firstError(
    ...negatives('spec.rollbackWindow', { revisions: rollbackWindow?.revisions }),
    ...negatives('spec.analysis', {
      successfulRunHistoryLimit: analysis?.successfulRunHistoryLimit,
      unsuccessfulRunHistoryLimit: analysis?.unsuccessfulRunHistoryLimit,
    }),
    ...(strategy?.canary ? canaryRules(strategy.canary, 'spec.strategy') : []),
    ...(strategy?.blueGreen ? blueGreenRules(strategy.blueGreen, 'spec.strategy') : []),
  );
