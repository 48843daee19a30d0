import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { ArgumentSchema, DryRunSchema, MeasurementRetentionSchema } from './analysis-reference.ts';
import type { AnalysisPhase } from './analysis-reference.ts';
import type { LabelSelector, ObjectMeta, PodTemplateSpec } from './core.ts';
import { RolloutConditionSchema } from './rollout-status.ts';
import { flag, int32, list, nullable, text, time, word } from './schema.ts';
import { LabelSelectorSchema, PodTemplateMetadataSchema, PodTemplateSpecSchema } from './shared.ts';

const { Object: object, Optional: optional, Unsafe: unsafe } = Type;

/** The last three are final. */
export type TemplateStatusCode = 'Progressing' | 'Running' | 'Successful' | 'Failed' | 'Error';

export const ExperimentTemplateSchema = object({
  name: text('Name, unique in the experiment.'),
  replicas: optional(nullable(int32('Number of pods; 1 when absent.'))),
  minReadySeconds: optional(int32('How long a pod must be ready to count as available.')),
  selector: optional(nullable(unsafe<LabelSelector>(LabelSelectorSchema))),
  template: optional(unsafe<PodTemplateSpec>(PodTemplateSpecSchema)),
  service: optional(
    nullable(
      object(
        { name: optional(text('Name of the Service; that of the ReplicaSet when absent.')) },
        { description: 'A Service in front of the pods.' },
      ),
    ),
  ),
});
export type ExperimentTemplate = Static<typeof ExperimentTemplateSchema>;

export const ExperimentAnalysisSchema = object({
  name: text('Name, unique in the experiment.'),
  templateName: text('Name of the template.'),
  clusterScope: optional(flag('Whether it is a ClusterAnalysisTemplate.')),
  args: optional(list(ArgumentSchema, 'Arguments for the template.')),
  requiredForCompletion: optional(flag('Whether the experiment lasts until this analysis has succeeded.')),
});
export type ExperimentAnalysis = Static<typeof ExperimentAnalysisSchema>;

export const ExperimentSpecSchema = object(
  {
    templates: nullable(list(ExperimentTemplateSchema, 'Versions that run side by side.')),
    duration: optional(text('How long they run, such as 10m. Without it until terminated.')),
    progressDeadlineSeconds: optional(nullable(int32('How long pods may take to come up; 600 when absent.'))),
    scaleDownDelaySeconds: optional(nullable(int32('How long the pods stay after the end; 30 when absent.'))),
    terminate: optional(flag('Set to end the experiment early.')),
    analyses: optional(list(ExperimentAnalysisSchema, 'Analyses that judge the versions.')),
    dryRun: optional(list(DryRunSchema, 'Metrics that run but never decide.')),
    measurementRetention: optional(list(MeasurementRetentionSchema, 'How many measurements are kept.')),
    analysisRunMetadata: optional(PodTemplateMetadataSchema),
  },
  { description: 'What is compared.' },
);
export type ExperimentSpec = Static<typeof ExperimentSpecSchema>;

export const TemplateStatusSchema = object({
  name: text('Name of the template.'),
  replicas: optional(int32('Pods.')),
  updatedReplicas: optional(int32('Pods.')),
  readyReplicas: optional(int32('Pods that are ready.')),
  availableReplicas: optional(int32('Pods that are available.')),
  collisionCount: optional(nullable(int32('How often a name was already taken.'))),
  status: optional(word<TemplateStatusCode>('Progressing, Running, Successful, Failed or Error.')),
  message: optional(text('Why.')),
  lastTransitionTime: optional(nullable(time('When the pods last changed.'))),
  serviceName: optional(text('Service in front of the pods.')),
  podTemplateHash: optional(text('Hash label of the pods.')),
});
export type TemplateStatus = Static<typeof TemplateStatusSchema>;

export const ExperimentAnalysisRunStatusSchema = object({
  name: text('Name of the analysis.'),
  analysisRun: text('Name of the AnalysisRun.'),
  phase: word<AnalysisPhase>('Its phase.'),
  message: optional(text('Its message.')),
});
export type ExperimentAnalysisRunStatus = Static<typeof ExperimentAnalysisRunStatusSchema>;

export const ExperimentStatusSchema = object(
  {
    phase: optional(word<AnalysisPhase>('Pending, Running, Successful, Failed, Error or Inconclusive.')),
    message: optional(text('Why.')),
    availableAt: optional(nullable(time('When all versions first ran.'))),
    templateStatuses: optional(nullable(list(TemplateStatusSchema, 'State by template.'))),
    analysisRuns: optional(nullable(list(ExperimentAnalysisRunStatusSchema, 'State by analysis.'))),
    conditions: optional(nullable(list(RolloutConditionSchema, 'Observations in detail.'))),
  },
  { description: 'Where the experiment is.' },
);
export type ExperimentStatus = Static<typeof ExperimentStatusSchema>;

export interface Experiment {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  spec: ExperimentSpec;
  status?: ExperimentStatus;
}

export const ExperimentSchema = object(
  { spec: ExperimentSpecSchema, status: optional(nullable(ExperimentStatusSchema)) },
  { description: 'Versions that run side by side for a time.' },
);
