import { formatFieldError, podTemplateHash, validateReferences, validateRollout } from '@sluice/model';
import type { FieldError, PodTemplateSpec, Rollout, RolloutSpec } from '@sluice/model';
import { validateAnalyses } from './analysis-template/index.ts';
import { templateLookup } from './rollout-analysis/templates.ts';
import { named } from './snapshot.ts';
import type { RolloutSnapshot } from './snapshot.ts';

interface Checked {
  readonly template: PodTemplateSpec | undefined;
  readonly error: FieldError | undefined;
}

const checked = new WeakMap<RolloutSpec, Checked>();

/** The rules that need nothing but the spec; kept by its identity, since most decisions see the same spec again. */
function specError(rollout: Rollout, template: PodTemplateSpec | undefined): FieldError | undefined {
  const known = checked.get(rollout.spec);
  if (known && known.template === template) return known.error;
  const error = validateRollout(rollout, template);
  checked.set(rollout.spec, { template, error });
  return error;
}

/** The first thing that is wrong with the Rollout or with what it refers to, as the API server would say it. Source: spec-rollout §1.4. */
export function problemWith(snapshot: RolloutSnapshot): string | undefined {
  const { rollout, workload } = snapshot;
  if (workload.kind === 'missing') return workload.message;
  const resolved = workload.kind === 'found' ? workload.template : undefined;
  const template = resolved ?? rollout.spec.template;
  if (workload.kind === 'found' && !rollout.spec.selector && !workload.selector) {
    return formatFieldError({
      type: 'Required value',
      path: 'spec.selector',
      detail: "Rollout has missing field '.spec.selector'",
    });
  }
  const error = specError(rollout, resolved) ?? referenceError(snapshot, template);
  if (error) return formatFieldError(error);
  const refusal = snapshot.templateRefusal;
  return refusal && template && refusal.hash === podTemplateHash(template, rollout.status?.collisionCount)
    ? refusal.message
    : undefined;
}

function referenceError(snapshot: RolloutSnapshot, template: PodTemplateSpec | undefined): FieldError | undefined {
  const { rollout, services } = snapshot;
  // What could not be read is not "not found": the decision holds instead.
  if (Object.values(services).includes('unknown')) return undefined;
  const service = (name: string) => {
    const observed = named(services, name);
    return typeof observed === 'object' ? observed : undefined;
  };
  const analysisTemplate = templateLookup(snapshot);
  const needsTemplates = snapshot.capabilities.analysis;
  const routerError = () => {
    const [problem] = snapshot.routerProblems ?? [];
    if (problem === undefined) return undefined;
    const { router, path, value, message } = problem;
    const at = ['spec.strategy.canary.trafficRouting', router, path].filter((part) => part !== '').join('.');
    return { type: 'Invalid value' as const, path: at, badValue: value, detail: message };
  };
  const further = [
    () => stepPluginError(snapshot),
    ...(needsTemplates ? [() => validateAnalyses(rollout, analysisTemplate)] : []),
  ];
  const lookups = { service, routerError, ...(needsTemplates && { analysisTemplate }), further };
  return validateReferences(rollout, lookups, template);
}

function stepPluginError({ stepPlugins }: RolloutSnapshot): FieldError | undefined {
  const [problem] = stepPlugins?.problems ?? [];
  if (problem === undefined) return undefined;
  const { index, path, value, message } = problem;
  const at = [`spec.strategy.canary.steps[${index}].plugin.config`, path].filter((part) => part !== '').join('.');
  return { type: 'Invalid value', path: at, badValue: value, detail: message };
}
