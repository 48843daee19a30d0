import { durationMs, parseDuration, selectorIsEmpty } from '@sluice/model';
import type { Experiment } from '@sluice/model';

const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;

export const progressDeadlineSeconds = ({ spec }: Experiment): number =>
  spec.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS;

/** What is wrong with the spec, in the words of the condition InvalidSpec: the first that is found. Source: spec-experiment §1. */
export function invalidity(experiment: Experiment): string | undefined {
  const { metadata, spec } = experiment;
  const names = new Set<string>();
  for (const [index, { name, selector, minReadySeconds = 0 }] of (spec.templates ?? []).entries()) {
    if (!selector) return `Rollout has missing field '.Spec.Templates[${index}].Selector'`;
    if (selectorIsEmpty(selector))
      return `This experiment is selecting all pods at index ${index}. A non-empty selector is required.`;
    if (minReadySeconds > progressDeadlineSeconds(experiment))
      return `MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index ${index}`;
    if (!name) return `Experiment ${metadata.name} has an empty template name at index ${index}`;
    if (names.has(name)) return `Experiment ${metadata.name} has repeated template name '${name}' in templates`;
    names.add(name);
  }
  const duration = spec.duration ? parseDuration(spec.duration) : undefined;
  if (duration?.ok === false) return `Experiment ${metadata.name} has an invalid duration: ${duration.error}`;
  const number = negativeNumber(experiment);
  return number && `Experiment ${metadata.name} has a negative ${number}; it must be greater than or equal to 0`;
}

/** A negative time is over before it begins, and a negative number of pods cannot be stored. */
function negativeNumber({ spec }: Experiment): string | undefined {
  const { progressDeadlineSeconds: deadline, scaleDownDelaySeconds, duration, templates = [] } = spec;
  const numbers: readonly (readonly [string, number | null | undefined])[] = [
    ['duration', duration ? durationMs(duration) : undefined],
    ['progressDeadlineSeconds', deadline],
    ['scaleDownDelaySeconds', scaleDownDelaySeconds],
    ...(templates ?? []).flatMap(({ replicas, minReadySeconds }, index) => [
      [`templates[${index}].replicas`, replicas] as const,
      [`templates[${index}].minReadySeconds`, minReadySeconds] as const,
    ]),
  ];
  return numbers.find(([, value]) => typeof value === 'number' && value < 0)?.[0];
}
