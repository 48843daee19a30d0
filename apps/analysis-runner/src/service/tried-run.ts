import type { TryTemplateRequest } from '@sluice/contracts';
import { buildAnalysisRun, resolveAnalysisTemplates, resolveRun, validateAnalysisRun } from '@sluice/engine';
import type { ResolvedMetric, TemplateLookup } from '@sluice/engine';
import type { AnalysisRun, TemplateReference } from '@sluice/model';

/** What is tried: the run that the templates make, which is never stored, and those of its metrics that were asked for. */
export interface TriedRun {
  readonly run: AnalysisRun;
  readonly metrics: readonly ResolvedMetric[];
}

/** Or all that keeps the templates from being tried, each in one line. More is a mistake here than in a Rollout, where arguments that nobody declares are dropped. */
export function triedRun(
  request: TryTemplateRequest,
  lookup: TemplateLookup,
  uid: string,
): TriedRun | { readonly problems: readonly string[] } {
  const refs = request.templates.map(({ name, clusterScope }) => ({ templateName: name, clusterScope }));
  const merged = resolveAnalysisTemplates(refs, lookup);
  if (!merged.ok) return { problems: problemsOf(refs, lookup, merged.error.message) };
  const { args, metrics } = merged.value;
  const declared = args.map(({ name }) => name);
  const unknown = Object.keys(request.args).filter((name) => !declared.includes(name));
  const open = args.filter(
    ({ name, value, valueFrom }) =>
      request.args[name] === undefined && (value ?? undefined) === undefined && !valueFrom,
  );
  const names = metrics.map(({ name }) => name);
  const absent = request.metrics.filter((name) => !names.includes(name));
  const problems = [
    ...unknown.map((name) => `unknown argument ${name}: ${thereIs(declared)}`),
    ...open.map(({ name }) => `args.${name} was not resolved`),
    ...absent.map((name) => `unknown metric ${name}: ${thereIs(names)}`),
  ];
  if (problems.length > 0) return { problems };
  const given = Object.entries(request.args).map(([name, value]) => ({ name, value }));
  const built = buildAnalysisRun({ namespace: request.namespace, name: 'try', refs, templates: lookup, args: given });
  if (!built.ok) return { problems: [built.error.message] };
  const run: AnalysisRun = { ...built.value, metadata: { ...built.value.metadata, uid } };
  const resolved = resolveRun(run);
  if (!resolved.ok) return { problems: [validateAnalysisRun(run) ?? resolved.message] };
  const isChosen = ({ name }: ResolvedMetric): boolean =>
    request.metrics.length === 0 || request.metrics.includes(name);
  return { run, metrics: resolved.metrics.filter(isChosen) };
}

/** Of each template on its own, so that all that are missing are named at once; what only arises together comes as it is. */
function problemsOf(refs: readonly TemplateReference[], lookup: TemplateLookup, together: string): string[] {
  const each = refs.map((ref) => resolveAnalysisTemplates([ref], lookup));
  const problems = each.flatMap((resolved) => (resolved.ok ? [] : [resolved.error.message]));
  return problems.length === 0 ? [together] : [...new Set(problems)];
}

const thereIs = (names: readonly string[]): string =>
  names.length === 0 ? 'there is none' : `there is ${names.join(', ')}`;
