import type { Rollout, RolloutArgument, TemplateReference } from '@sluice/model';
import type { LintDocument } from './document.ts';
import type { Path } from './finding.ts';

/** A place that names templates, with the arguments that it gives them. */
export interface NamedAnalysis {
  readonly path: Path;
  /** Field that holds the references, or the one reference. */
  readonly references: readonly { readonly path: Path; readonly reference: TemplateReference }[];
  readonly args: readonly RolloutArgument[];
  readonly kind: 'step' | 'background' | 'experiment';
}

interface AnalysisFields {
  readonly templates?: readonly TemplateReference[];
  readonly args?: readonly RolloutArgument[];
}

const analysis = (
  fields: AnalysisFields | null | undefined,
  path: Path,
  kind: NamedAnalysis['kind'],
): NamedAnalysis[] =>
  fields
    ? [
        {
          path,
          references: (fields.templates ?? []).map((reference, i) => ({ path: [...path, 'templates', i], reference })),
          args: fields.args ?? [],
          kind,
        },
      ]
    : [];

interface ExperimentAnalysis extends TemplateReference {
  readonly args?: readonly RolloutArgument[];
}

const experimentAnalyses = (analyses: readonly ExperimentAnalysis[] | undefined, path: Path): NamedAnalysis[] =>
  (analyses ?? []).map((reference, i) => {
    const at = [...path, 'analyses', i];
    return { path: at, references: [{ path: at, reference }], args: reference.args ?? [], kind: 'experiment' as const };
  });

const ofRollout = ({ spec }: Rollout): NamedAnalysis[] => {
  const { blueGreen, canary } = spec?.strategy ?? {};
  const steps = ['spec', 'strategy', 'canary', 'steps'];
  return [
    ...analysis(blueGreen?.prePromotionAnalysis, ['spec', 'strategy', 'blueGreen', 'prePromotionAnalysis'], 'step'),
    ...analysis(blueGreen?.postPromotionAnalysis, ['spec', 'strategy', 'blueGreen', 'postPromotionAnalysis'], 'step'),
    ...analysis(canary?.analysis, ['spec', 'strategy', 'canary', 'analysis'], 'background'),
    ...(canary?.steps ?? []).flatMap((step, i) => [
      ...analysis(step?.analysis, [...steps, i, 'analysis'], 'step'),
      ...experimentAnalyses(step?.experiment?.analyses as ExperimentAnalysis[] | undefined, [
        ...steps,
        i,
        'experiment',
      ]),
    ]),
  ];
};

/** Where an object names analysis templates: Rollouts and Experiments do. */
export const analysesIn = ({ kind, object }: LintDocument): readonly NamedAnalysis[] => {
  if (kind === 'Rollout') return ofRollout(object as Rollout);
  if (kind !== 'Experiment') return [];
  const { spec } = object as { spec?: { analyses?: ExperimentAnalysis[] } };
  return experimentAnalyses(spec?.analyses, ['spec']);
};
