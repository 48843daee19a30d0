import type { PodTemplateSpec } from '../api/core.ts';
import type { Rollout, RolloutSpec } from '../api/rollout.ts';
import { defaults } from '../defaults.ts';
import { selectorIsEmpty, selectorMatches, selectorProblem } from '../selector.ts';
import { actionError } from './actions.ts';
import { blueGreenError } from './blue-green.ts';
import { canaryError } from './canary.ts';
import { firstError, invalid, negative, required } from './field-error.ts';
import type { FieldError } from './field-error.ts';
import { numberError } from './numbers.ts';

// The rules of spec-rollout §1.4 that need nothing but the Rollout and its template, in the order of that page.

const selectorError = ({ selector, workloadRef }: RolloutSpec): FieldError | undefined => {
  if (workloadRef) return undefined;
  if (!selector) return required('spec.selector', "Rollout has missing field '.spec.selector'");
  const problem = selectorProblem(selector);
  if (problem !== undefined) return invalid('spec.selector', selector, problem);
  return selectorIsEmpty(selector)
    ? invalid('spec.selector', selector, 'This rollout is selecting all pods. A non-empty selector is required.')
    : undefined;
};

const templateBesideReferenceError = ({ template, workloadRef }: RolloutSpec): FieldError | undefined => {
  // Nulls in a pod template are kept by the API server.
  const { labels, annotations } = template?.metadata ?? {};
  const hasMetadata = Object.keys(labels ?? {}).length > 0 || Object.keys(annotations ?? {}).length > 0;
  return workloadRef && hasMetadata
    ? { type: 'Internal error', path: 'spec.template', detail: 'template must be empty for workload reference rollout' }
    : undefined;
};

/** The rest of the template is for the API server to judge: the controller asks it by a dry run. */
const templateLabelsError = (spec: RolloutSpec, template: PodTemplateSpec | undefined): FieldError | undefined => {
  const labels = template?.metadata?.labels;
  if (!spec.selector || selectorMatches(spec.selector, labels)) return undefined;
  return invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
};

const deadlineError = (spec: RolloutSpec): FieldError | undefined => {
  const deadline = spec.progressDeadlineSeconds ?? defaults.progressDeadlineSeconds;
  return deadline <= (spec.minReadySeconds ?? defaults.minReadySeconds)
    ? invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')
    : undefined;
};

const strategyError = (rollout: Rollout): FieldError | undefined => {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  const path = 'spec.strategy.strategy';
  if (!canary && !blueGreen)
    return required(path, "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'");
  if (canary && blueGreen)
    return invalid(path, rollout.spec.strategy, 'Only one of canary and blueGreen can be set, not both');
  return canary ? canaryError(canary) : blueGreen ? blueGreenError(rollout.spec, blueGreen) : undefined;
};

/**
 * The first error of a Rollout's spec, in the order in which the reference finds them, or undefined.
 * `resolvedTemplate` is the template of the referenced workload; without it spec.template counts.
 */
export const validateRollout = (rollout: Rollout, resolvedTemplate?: PodTemplateSpec): FieldError | undefined => {
  const { spec } = rollout;
  const template = resolvedTemplate ?? (spec.workloadRef ? undefined : (spec.template ?? {}));
  return firstError(
    () => negative('spec.replicas', spec.replicas),
    () => selectorError(spec),
    () => templateBesideReferenceError(spec),
    () => (template === undefined ? undefined : templateLabelsError(spec, template)),
    () => negative('spec.minReadySeconds', spec.minReadySeconds),
    () => negative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    () => negative('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds),
    () => deadlineError(spec),
    () => strategyError(rollout),
    () => numberError(spec),
    () => actionError(spec),
  );
};
