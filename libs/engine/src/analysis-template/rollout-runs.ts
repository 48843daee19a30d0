import {
  fittingObjectName,
  instanceIdLabel,
  podTemplateHashLabel,
  revisionAnnotation,
  rolloutTypeLabel,
  stepIndexLabel,
} from '@sluice/model';
import type { AnalysisRun, Rollout, RolloutAnalysis } from '@sluice/model';
import { ownerOf } from '../owner.ts';
import { buildAnalysisRun } from './build.ts';
import type { TemplateLookup } from './resolve.ts';
import type { Resolved } from './result.ts';
import { rolloutArguments } from './rollout-arguments.ts';
import type { VersionHashes } from './rollout-arguments.ts';

// The runs of a Rollout: their names, labels and arguments. Source: spec-analysis §9.

export type AnalysisKind = 'Step' | 'Background' | 'PrePromotion' | 'PostPromotion';

/** Which run of a Rollout it is. */
export interface RolloutRun extends VersionHashes {
  readonly kind: AnalysisKind;
  /** Of a Step run. */
  readonly stepIndex?: number;
  readonly revision: number;
}

function infix({ kind, stepIndex }: RolloutRun): string {
  switch (kind) {
    case 'Step':
      return `-${stepIndex ?? 0}`;
    case 'PrePromotion':
      return '-pre';
    case 'PostPromotion':
      return '-post';
    case 'Background':
      return '';
  }
}

/** Name of the run, before any collision suffix. */
export const rolloutRunName = (rollout: Rollout, run: RolloutRun): string =>
  fittingObjectName(rollout.metadata.name, `-${run.podHash}-${run.revision}${infix(run)}`);

function labelsOf({ metadata, spec }: Rollout, run: RolloutRun, analysis: RolloutAnalysis): Record<string, string> {
  const instanceId = metadata.labels?.[instanceIdLabel];
  return {
    [podTemplateHashLabel]: run.podHash,
    [rolloutTypeLabel]: run.kind,
    ...(run.kind === 'Step' && { [stepIndexLabel]: String(run.stepIndex ?? 0) }),
    ...(instanceId !== undefined && { [instanceIdLabel]: instanceId }),
    ...analysis.analysisRunMetadata?.labels,
    ...spec.selector?.matchLabels,
  };
}

/** The complete run, or why there can be none: a template is missing, templates contradict each other, an argument has no value. */
export function analysisRunOf(
  rollout: Rollout,
  run: RolloutRun,
  analysis: RolloutAnalysis,
  templates: TemplateLookup,
): Resolved<AnalysisRun> {
  const args = rolloutArguments(rollout, analysis.args ?? [], run);
  if (!args.ok) return args;
  return buildAnalysisRun({
    refs: analysis.templates ?? [],
    templates,
    namespace: rollout.metadata.namespace ?? '',
    name: rolloutRunName(rollout, run),
    labels: labelsOf(rollout, run, analysis),
    annotations: { [revisionAnnotation]: String(run.revision), ...analysis.analysisRunMetadata?.annotations },
    owner: ownerOf(rollout),
    args: args.value,
    dryRun: analysis.dryRun ?? [],
    measurementRetention: analysis.measurementRetention ?? [],
  });
}
