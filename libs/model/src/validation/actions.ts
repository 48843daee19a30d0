import type { RolloutAnalysis } from '../api/analysis-reference.ts';
import type { CanaryStep } from '../api/rollout-steps.ts';
import type { RolloutSpec } from '../api/rollout.ts';
import { firstError, invalid, required } from './field-error.ts';
import type { FieldError } from './field-error.ts';

// Actions that Argo Rollouts accepts and that do nothing, so that an update would wait at them for ever or pass unmeasured.

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

const actions = [
  'setWeight',
  'pause',
  'setCanaryScale',
  'setHeaderRoute',
  'setMirrorRoute',
  'analysis',
  'experiment',
  'plugin',
] as const satisfies readonly (keyof CanaryStep)[];

const oneActionError = (step: CanaryStep, path: string): FieldError | undefined => {
  const found = actions.filter((name) => isSet(step[name]));
  return found.length > 1
    ? invalid(path, step, `a step has one action, and this one has ${found.join(' and ')}: make each a step of its own`)
    : undefined;
};

const analysisError = (analysis: RolloutAnalysis | null | undefined, path: string): FieldError | undefined => {
  if (!analysis) return undefined;
  const templates = analysis.templates ?? [];
  if (templates.length === 0)
    return required(
      `${path}.templates`,
      'an analysis without templates measures nothing: name one, such as templates: [{templateName: success-rate}], ' +
        'or remove the analysis',
    );
  const index = templates.findIndex(({ templateName }) => !templateName);
  return index < 0
    ? undefined
    : required(`${path}.templates[${index}].templateName`, 'name the AnalysisTemplate that is to be measured');
};

const scaleError = ({ setCanaryScale: scale }: CanaryStep, path: string): FieldError | undefined => {
  if (!scale) return undefined;
  const isMatching = scale.matchTrafficWeight === true;
  const found = [scale.replicas, scale.weight].filter(isSet).length + (isMatching ? 1 : 0);
  return found === 1
    ? undefined
    : invalid(`${path}.setCanaryScale`, scale, 'set exactly one of replicas, weight and matchTrafficWeight: true');
};

const experimentError = ({ experiment }: CanaryStep, path: string): FieldError | undefined => {
  if (!experiment) return undefined;
  if ((experiment.templates ?? []).length === 0)
    return required(
      `${path}.experiment.templates`,
      'an experiment without templates starts no pods: name one, such as templates: [{name: canary, specRef: canary}], ' +
        'or remove the experiment',
    );
  const index = (experiment.analyses ?? []).findIndex(({ templateName }) => !templateName);
  return index < 0
    ? undefined
    : required(
        `${path}.experiment.analyses[${index}].templateName`,
        'name the AnalysisTemplate that is to be measured',
      );
};

const pluginError = ({ plugin }: CanaryStep, path: string): FieldError | undefined =>
  plugin && !plugin.name ? required(`${path}.plugin.name`, 'name the step plugin that is to run') : undefined;

const routeError = ({ setHeaderRoute, setMirrorRoute }: CanaryStep, path: string): FieldError | undefined => {
  const unnamed = Object.entries({ setHeaderRoute, setMirrorRoute }).find(([, route]) => route && !route.name);
  return unnamed && required(`${path}.${unnamed[0]}.name`, 'name the route, as trafficRouting.managedRoutes lists it');
};

/** The first step or analysis that has nothing to do, or too much. `path` is that of a step. */
const stepActionError = (step: CanaryStep, path: string): FieldError | undefined =>
  firstError(
    () => oneActionError(step, path),
    () => analysisError(step.analysis, `${path}.analysis`),
    () => experimentError(step, path),
    () => scaleError(step, path),
    () => pluginError(step, path),
    () => routeError(step, path),
  );

export const actionError = ({ strategy }: RolloutSpec): FieldError | undefined => {
  const { canary, blueGreen } = strategy ?? {};
  return firstError(
    ...(canary?.steps ?? []).map((step, index) => () => stepActionError(step, `spec.strategy.canary.steps[${index}]`)),
    () => analysisError(canary?.analysis, 'spec.strategy.canary.analysis'),
    () => analysisError(blueGreen?.prePromotionAnalysis, 'spec.strategy.blueGreen.prePromotionAnalysis'),
    () => analysisError(blueGreen?.postPromotionAnalysis, 'spec.strategy.blueGreen.postPromotionAnalysis'),
  );
};
