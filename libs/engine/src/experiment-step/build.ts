import { fittingObjectName, podTemplateHashLabel, revisionAnnotation } from '@sluice/model';
import type {
  Experiment,
  ExperimentAnalysis,
  ExperimentStep,
  ExperimentTemplate,
  LabelSelector,
  PodTemplateSpec,
  ReplicaSet,
} from '@sluice/model';
import { resolved, rolloutArguments, unresolved } from '../analysis-template/index.ts';
import type { Resolved } from '../analysis-template/index.ts';
import { ownerOf } from '../owner.ts';
import { newRevision } from '../revision.ts';
import type { Situation } from '../situation.ts';

/** The part of its name that all experiments of one step have in common: the first has no more, later ones get `-1`, `-2`, … */
export const experimentName = (s: Situation, stepIndex: number): string =>
  fittingObjectName(s.rollout.metadata.name, `-${s.roles.newSet.hash}-${newRevision(s)}-${stepIndex}`);

/** The Experiment of a step. Source: spec-experiment §10.2. */
export function buildExperiment(s: Situation, stepIndex: number, step: ExperimentStep): Resolved<Experiment> {
  const templates = templatesOf(s, step);
  if (!templates.ok) return templates;
  const analyses = analysesOf(s, step);
  if (!analyses.ok) return analyses;
  const { metadata } = s.rollout;
  return resolved({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: {
      name: experimentName(s, stepIndex),
      namespace: metadata.namespace,
      labels: {
        ...metadata.labels,
        [podTemplateHashLabel]: s.roles.newSet.hash,
      },
      annotations: { [revisionAnnotation]: String(newRevision(s)) },
      ownerReferences: [ownerOf(s.rollout)],
    },
    spec: {
      templates: templates.value,
      ...(step.duration && { duration: step.duration }),
      ...(s.spec.progressDeadlineSeconds != null && { progressDeadlineSeconds: s.spec.progressDeadlineSeconds }),
      ...(step.scaleDownDelaySeconds !== undefined && { scaleDownDelaySeconds: step.scaleDownDelaySeconds }),
      ...(analyses.value.length > 0 && { analyses: analyses.value }),
      ...(step.dryRun?.length && { dryRun: step.dryRun }),
      analysisRunMetadata: step.analysisRunMetadata ?? {},
    },
  });
}

function templatesOf(s: Situation, step: ExperimentStep): Resolved<ExperimentTemplate[]> {
  const templates: ExperimentTemplate[] = [];
  for (const template of step.templates ?? []) {
    const set = versionOf(s, template.specRef);
    if (!set) {
      const found =
        template.specRef === 'canary' || template.specRef === 'stable'
          ? 'has no ReplicaSet yet'
          : 'is neither canary nor stable';
      return unresolved(
        'InvalidSpec',
        `template '${template.name}' of the experiment: specRef '${template.specRef}' ${found}`,
      );
    }
    templates.push(templateOf(set, template));
  }
  return resolved(templates);
}

function versionOf(s: Situation, specRef: string): ReplicaSet | undefined {
  if (specRef === 'canary') return s.roles.newSet.stored;
  return specRef === 'stable' ? s.roles.stableSet?.stored : undefined;
}

function templateOf(
  set: ReplicaSet,
  { name, replicas, metadata, selector, weight, service }: NonNullable<ExperimentStep['templates']>[number],
): ExperimentTemplate {
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  return {
    name,
    ...(replicas !== undefined && { replicas }),
    ...(minReadySeconds > 0 && { minReadySeconds }),
    selector: selecting(selector ?? set.spec.selector ?? {}, metadata?.labels),
    template: wearing(set.spec.template ?? {}, metadata),
    ...((weight !== undefined || service) && { service: service ?? {} }),
  };
}

const selecting = (selector: LabelSelector, labels: Readonly<Record<string, string>> | undefined): LabelSelector =>
  labels ? { ...selector, matchLabels: { ...selector.matchLabels, ...labels } } : selector;

function wearing(
  template: PodTemplateSpec,
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> } | undefined,
): PodTemplateSpec {
  if (!metadata?.labels && !metadata?.annotations) return template;
  return {
    ...template,
    metadata: {
      ...template.metadata,
      ...(metadata.labels && { labels: { ...template.metadata?.labels, ...metadata.labels } }),
      ...(metadata.annotations && { annotations: { ...template.metadata?.annotations, ...metadata.annotations } }),
    },
  };
}

function analysesOf(s: Situation, step: ExperimentStep): Resolved<ExperimentAnalysis[]> {
  const hashes = { podHash: s.roles.newSet.hash, stableHash: s.roles.stableSet?.hash ?? '' };
  const analyses: ExperimentAnalysis[] = [];
  for (const { args, clusterScope, requiredForCompletion, ...analysis } of step.analyses ?? []) {
    const values = rolloutArguments(s.rollout, args ?? [], hashes);
    if (!values.ok) return values;
    analyses.push({
      ...analysis,
      ...(clusterScope && { clusterScope }),
      ...(requiredForCompletion && { requiredForCompletion }),
      ...(values.value.length > 0 && { args: [...values.value] }),
    });
  }
  return resolved(analyses);
}
