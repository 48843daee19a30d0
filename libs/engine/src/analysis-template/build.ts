import type {
  AnalysisRun,
  Argument,
  DryRun,
  MeasurementRetention,
  OwnerReference,
  TemplateReference,
} from '@sluice/model';
import { mergeArguments, mergeDryRun, mergeRetention, resolveAnalysisTemplates } from './resolve.ts';
import type { MergedTemplates, TemplateLookup } from './resolve.ts';
import { resolved } from './result.ts';
import type { Resolved } from './result.ts';

/** What a run is made from. `args`, `dryRun` and `measurementRetention` are the caller's, beside those of the templates. */
export interface RunPlan {
  readonly namespace: string;
  /** Without collision suffix: see `placeRun`. */
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Runs that people make have none. */
  readonly owner?: OwnerReference;
  readonly args?: readonly Argument[];
  readonly dryRun?: readonly DryRun[];
  readonly measurementRetention?: readonly MeasurementRetention[];
}

/** The run of templates that are merged already. */
export function buildRunOf(merged: MergedTemplates, plan: RunPlan): Resolved<AnalysisRun> {
  const args = mergeArguments(merged.args, plan.args ?? []);
  if (!args.ok) return args;
  const dryRun = mergeDryRun(plan.dryRun ?? [], merged.dryRun);
  if (!dryRun.ok) return dryRun;
  const retention = mergeRetention(plan.measurementRetention ?? [], merged.measurementRetention);
  if (!retention.ok) return retention;
  const { namespace, name, labels = {}, annotations = {}, owner } = plan;
  return resolved({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: {
      name,
      namespace,
      ...(Object.keys(labels).length > 0 && { labels: { ...labels } }),
      ...(Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
      ...(owner && { ownerReferences: [owner] }),
    },
    spec: {
      metrics: [...merged.metrics],
      ...(args.value.length > 0 && { args: [...args.value] }),
      ...(dryRun.value.length > 0 && { dryRun: [...dryRun.value] }),
      ...(retention.value.length > 0 && { measurementRetention: [...retention.value] }),
    },
  });
}

/** The run of these templates, or why there can be none. Whether it is valid, `validateAnalysisRun` says. */
export function buildAnalysisRun(
  plan: RunPlan & { readonly refs: readonly TemplateReference[]; readonly templates: TemplateLookup },
): Resolved<AnalysisRun> {
  const merged = resolveAnalysisTemplates(plan.refs, plan.templates);
  return merged.ok ? buildRunOf(merged.value, plan) : merged;
}
