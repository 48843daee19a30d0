import type { RolloutArgument } from '../api/analysis-reference.ts';
import type { CanaryStep, ExperimentStep, SetHeaderRoute, SetMirrorRoute, StringMatch } from '../api/rollout-steps.ts';
import type { CanaryStrategy } from '../api/rollout-strategy.ts';
import { defaults } from '../defaults.ts';
import { durationHint, parseDuration, pauseSeconds } from '../durations.ts';
import { isLabelKey } from '../selector.ts';
import { firstError, invalid, required } from './field-error.ts';
import type { FieldError } from './field-error.ts';

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

/** Which members are absent, in the odd words that the reference prints and users may match. */
const absentMembers = (step: CanaryStep): string => {
  const absent = (member: unknown) => String(!isSet(member));
  return (
    `step.Experiment: ${absent(step.experiment)} step.Pause: ${absent(step.pause)} ` +
    `step.SetWeight: ${absent(step.setWeight)} step.Analysis: ${absent(step.analysis)} ` +
    `step.SetCanaryScale: ${absent(step.setCanaryScale)} step.SetHeaderRoute: ${absent(step.setHeaderRoute)} ` +
    `step.SetMirrorRoute: ${absent(step.setMirrorRoute)} step.Plugin: ${absent(step.plugin)}`
  );
};

/** Only four members exclude each other; the rest may stand beside them. */
const membersError = (step: CanaryStep, path: string): FieldError | undefined => {
  const exclusive = [step.experiment, step.pause, step.setWeight, step.analysis].filter(isSet).length;
  const others = [step.setCanaryScale, step.setHeaderRoute, step.setMirrorRoute, step.plugin].filter(isSet).length;
  return exclusive > 1 || exclusive + others === 0
    ? invalid(
        path,
        absentMembers(step),
        'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause',
      )
    : undefined;
};

const weightError = (step: CanaryStep, path: string, canary: CanaryStrategy): FieldError | undefined => {
  const most = canary.trafficRouting?.maxTrafficWeight ?? defaults.maxTrafficWeight;
  const weight = step.setWeight;
  return typeof weight === 'number' && (weight < 0 || weight > most)
    ? invalid(`${path}.setWeight`, weight, `SetWeight needs to be between 0 and ${most}`)
    : undefined;
};

const pauseError = (step: CanaryStep, path: string): FieldError | undefined => {
  const seconds = step.pause ? (pauseSeconds(step.pause) ?? 0) : 0;
  const text = step.pause?.duration;
  const parsed = seconds === -1 && typeof text === 'string' ? parseDuration(text) : undefined;
  if (parsed?.ok === false && !/^[+-]?\d+$/.test(text as string))
    return invalid(`${path}.pause.duration`, text, `${parsed.error}: ${durationHint}, or whole seconds such as 90`);
  return seconds < 0 ? invalid(`${path}.pause.duration`, seconds, 'Duration needs to be greater than 0') : undefined;
};

/** Named by what is missing, not by the step: users of the reference know it in these words. */
const scaleError = (step: CanaryStep, canary: CanaryStrategy): FieldError | undefined =>
  step.setCanaryScale && !canary.trafficRouting
    ? required('spec.strategy.trafficRouting', 'SetCanaryScale requires TrafficRouting to be set')
    : undefined;

const matcherCount = (match: StringMatch | null | undefined): number =>
  [match?.exact, match?.prefix, match?.regex].filter(Boolean).length;

const managedRouteError = (name: string, path: string, canary: CanaryStrategy): FieldError | undefined =>
  (canary.trafficRouting?.managedRoutes ?? []).some((route) => route.name === name)
    ? undefined
    : invalid(
        path,
        name,
        'Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes',
      );

const headerRouteError = (route: SetHeaderRoute, path: string, canary: CanaryStrategy): FieldError | undefined => {
  const routing = canary.trafficRouting;
  if (!routing || !(routing.istio ?? routing.alb ?? routing.apisix ?? routing.plugins))
    return invalid(path, route, 'SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix');
  for (const [index, { headerValue }] of (route.match ?? []).entries()) {
    const at = `${path}.match[${index}].headerValue`;
    if (matcherCount(headerValue) !== 1)
      return invalid(at, headerValue, 'Exactly one of exact, regex and prefix must be set');
    if (routing.alb && !headerValue?.exact) return invalid(at, headerValue, 'ALB supports only exact');
  }
  return managedRouteError(route.name, path, canary);
};

const mirrorRouteError = (route: SetMirrorRoute, path: string, canary: CanaryStrategy): FieldError | undefined => {
  const routing = canary.trafficRouting;
  if (!routing || !(routing.istio ?? routing.plugins))
    return invalid(path, route, 'SetMirrorRoute requires TrafficRouting, supports Istio and plugins');
  for (const [index, { method, path: requestPath }] of (route.match ?? []).entries()) {
    const wrong = [
      { name: 'method', match: method },
      { name: 'path', match: requestPath },
    ].find(({ match }) => isSet(match) && matcherCount(match) !== 1);
    if (wrong)
      return invalid(
        `${path}.match[${index}].${wrong.name}`,
        wrong.match,
        'Exactly one of exact, regex and prefix must be set',
      );
  }
  return managedRouteError(route.name, path, canary);
};

const experimentWeightError = (
  experiment: ExperimentStep,
  path: string,
  canary: CanaryStrategy,
): FieldError | undefined => {
  const index = (experiment.templates ?? []).findIndex(({ weight }) => isSet(weight));
  if (index < 0) return undefined;
  const at = `${path}.templates[${index}].weight`;
  const weight = experiment.templates?.[index]?.weight;
  const routing = canary.trafficRouting;
  if (!routing) return invalid(at, weight, 'Experiment template weight cannot be set unless TrafficRouting is enabled');
  return (routing.alb ?? routing.smi ?? routing.istio ?? routing.plugins)
    ? undefined
    : invalid(
        at,
        weight,
        'Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time',
      );
};

const downwardFields: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'metadata.labels',
  'metadata.annotations',
]);

/** Whether the downward API of Kubernetes knows the path. */
const isDownwardField = (fieldPath: string): boolean => {
  const key = /^metadata\.(?:labels|annotations)\['([^']*)'\]$/.exec(fieldPath)?.[1];
  return key === undefined ? downwardFields.has(fieldPath) : isLabelKey(key);
};

const argumentError = (args: readonly RolloutArgument[] | undefined, path: string): FieldError | undefined => {
  for (const [index, { valueFrom }] of (args ?? []).entries()) {
    const fieldPath = valueFrom?.fieldRef?.fieldPath;
    if (fieldPath?.startsWith('metadata') && !isDownwardField(fieldPath))
      return invalid(
        `${path}[${index}].valueFrom.fieldRef.fieldPath`,
        fieldPath,
        `unsupported fieldPath: ${fieldPath}`,
      );
  }
  return undefined;
};

/** The first error of a step; `path` is that of the step. */
export const stepError = (step: CanaryStep, path: string, canary: CanaryStrategy): FieldError | undefined =>
  firstError(
    () => membersError(step, path),
    () => weightError(step, path, canary),
    () => pauseError(step, path),
    () => scaleError(step, canary),
    () => (step.setHeaderRoute ? headerRouteError(step.setHeaderRoute, `${path}.setHeaderRoute`, canary) : undefined),
    () => (step.setMirrorRoute ? mirrorRouteError(step.setMirrorRoute, `${path}.setMirrorRoute`, canary) : undefined),
    () => (step.experiment ? experimentWeightError(step.experiment, `${path}.experiment`, canary) : undefined),
    () => argumentError(step.analysis?.args, `${path}.analysis.args`),
    ...(step.experiment?.analyses ?? []).map(
      ({ args }, index) =>
        () =>
          argumentError(args, `${path}.experiment.analyses[${index}].args`),
    ),
  );
