import type {
  AnalysisTemplate,
  Argument,
  DryRun,
  MeasurementRetention,
  Metric,
  TemplateReference,
} from '@sluice/model';
import { resolved, unresolved } from './result.ts';
import type { Resolved } from './result.ts';

// Several templates, and those that they name, as one. Source: spec-analysis §2.3.

/** Looks a template up: in the namespace of the Rollout or Experiment, or with `clusterScope` among those for all. */
export type TemplateLookup = (name: string, clusterScope: boolean) => AnalysisTemplate | undefined;

export interface MergedTemplates {
  readonly metrics: readonly Metric[];
  /** As declared: a value may be missing. */
  readonly args: readonly Argument[];
  readonly dryRun: readonly DryRun[];
  readonly measurementRetention: readonly MeasurementRetention[];
}

/** What the API server says about a template that is not there. */
export const templateNotFoundMessage = (name: string, clusterScope: boolean): string =>
  `${clusterScope ? 'clusteranalysistemplate' : 'analysistemplate'}.argoproj.io "${name}" not found`;

/** Depth first, each template once; templates for all come after those of the namespace. A circle of templates ends where it began. */
export function collectTemplates(
  refs: readonly TemplateReference[],
  lookup: TemplateLookup,
): Resolved<readonly AnalysisTemplate[]> {
  const found = { namespace: new Map<string, AnalysisTemplate>(), cluster: new Map<string, AnalysisTemplate>() };
  let missing: string | undefined;
  const visit = (list: readonly TemplateReference[]): void => {
    for (const { templateName = '', clusterScope = false } of list) {
      const known = clusterScope ? found.cluster : found.namespace;
      if (missing !== undefined || known.has(templateName)) continue;
      const template = lookup(templateName, clusterScope);
      if (template === undefined) missing = templateNotFoundMessage(templateName, clusterScope);
      else {
        known.set(templateName, template);
        visit(template.spec.templates ?? []);
      }
    }
  };
  visit(refs);
  return missing === undefined
    ? resolved([...found.namespace.values(), ...found.cluster.values()])
    : unresolved('TemplateNotFound', missing);
}

const repeated = (names: readonly string[]): string | undefined =>
  names.find((name, index) => names.indexOf(name) !== index);

/** Rules of whoever asks come first. */
export const mergeDryRun = (...lists: readonly (readonly DryRun[])[]): Resolved<readonly DryRun[]> => {
  const rules = lists.flat();
  const twice = repeated(rules.map(({ metricName }) => metricName));
  return twice === undefined
    ? resolved(rules)
    : unresolved('RuleConflict', `two Dry-Run metric rules have the same name '${twice}'`);
};

export const mergeRetention = (
  ...lists: readonly (readonly MeasurementRetention[])[]
): Resolved<readonly MeasurementRetention[]> => {
  const rules = lists.flat();
  const twice = repeated(rules.map(({ metricName }) => metricName));
  return twice === undefined
    ? resolved(rules)
    : unresolved('RuleConflict', `two Measurement Retention metric rules have the same name '${twice}'`);
};

/** Arguments that several templates declare. The first value wins over none; two different values are a conflict. */
function mergeDeclarations(lists: readonly (readonly Argument[])[]): Resolved<readonly Argument[]> {
  const merged = new Map<string, Argument>();
  for (const arg of lists.flat()) {
    const earlier = merged.get(arg.name);
    const before = earlier?.value ?? undefined;
    const value = arg.value ?? undefined;
    if (before === undefined) merged.set(arg.name, arg);
    else if (value !== undefined && value !== before)
      return unresolved(
        'ArgumentConflict',
        `Argument \`${arg.name}\` specified multiple times with different values: '${before}', '${value}'`,
      );
  }
  return resolved([...merged.values()]);
}

export function mergeTemplates(templates: readonly AnalysisTemplate[]): Resolved<MergedTemplates> {
  const metrics = templates.flatMap(({ spec }) => spec.metrics ?? []);
  const twice = repeated(metrics.map(({ name }) => name));
  if (twice !== undefined) return unresolved('MetricConflict', `two metrics have the same name '${twice}'`);
  const dryRun = mergeDryRun(...templates.map(({ spec }) => spec.dryRun ?? []));
  if (!dryRun.ok) return dryRun;
  const retention = mergeRetention(...templates.map(({ spec }) => spec.measurementRetention ?? []));
  if (!retention.ok) return retention;
  const args = mergeDeclarations(templates.map(({ spec }) => spec.args ?? []));
  if (!args.ok) return args;
  return resolved({ metrics, args: args.value, dryRun: dryRun.value, measurementRetention: retention.value });
}

/** Looks up all templates that are referred to, directly or by templates, and merges them into one. */
export function resolveAnalysisTemplates(
  refs: readonly TemplateReference[],
  lookup: TemplateLookup,
): Resolved<MergedTemplates> {
  const templates = collectTemplates(refs, lookup);
  return templates.ok ? mergeTemplates(templates.value) : templates;
}

/**
 * Arguments of a run: what the templates declare, with what the caller gives. What no template declares is dropped. A value that the
 * caller gives leaves a declared `valueFrom` in place, and a declared Secret then still wins when the run measures.
 */
export function mergeArguments(
  declared: readonly Argument[],
  given: readonly Argument[],
): Resolved<readonly Argument[]> {
  const byName = new Map(given.map((arg) => [arg.name, arg]));
  const merged = declared.map((arg): Argument => {
    const own = byName.get(arg.name);
    if (own === undefined) return arg;
    if (own.value !== undefined && own.value !== null) return { ...arg, value: own.value };
    return own.valueFrom ? { ...arg, valueFrom: own.valueFrom } : arg;
  });
  const open = merged.find(({ value, valueFrom }) => (value ?? undefined) === undefined && !valueFrom);
  return open === undefined
    ? resolved(merged)
    : unresolved('ArgumentNotResolved', `args.${open.name} was not resolved`);
}
