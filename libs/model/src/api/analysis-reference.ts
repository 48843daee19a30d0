import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { flag, int32, list, nullable, text, word } from './schema.ts';
import { PodTemplateMetadataSchema } from './shared.ts';

// How Rollouts and Experiments ask for analyses.

const { Object: object, Optional: optional } = Type;

const FieldRefSchema = object({ fieldPath: text("Path of the field, such as metadata.labels['app'].") });

export const SecretKeyRefSchema = object({
  name: text('Name of the Secret, in the namespace of the AnalysisRun.'),
  key: text('Key in the Secret.'),
});

/** Argument of a template, a run or a stand-alone Experiment. A value of "" is a value; an absent one is not. */
export const ArgumentSchema = object({
  name: text('Name, used as {{args.name}}.'),
  value: optional(nullable(text('The value.'))),
  valueFrom: optional(
    object(
      { secretKeyRef: optional(SecretKeyRefSchema), fieldRef: optional(FieldRefSchema) },
      { description: 'Where the value comes from.' },
    ),
  ),
});
export type Argument = Static<typeof ArgumentSchema>;

/** Argument given by a Rollout. */
export const RolloutArgumentSchema = object({
  name: text('Name, used as {{args.name}} in the templates.'),
  value: optional(text('The value.')),
  valueFrom: optional(
    object(
      {
        podTemplateHashValue: optional(
          word<'Stable' | 'Latest'>('Pod template hash of the version: Stable or Latest.'),
        ),
        fieldRef: optional(FieldRefSchema),
      },
      { description: 'Where the value comes from.' },
    ),
  ),
});
export type RolloutArgument = Static<typeof RolloutArgumentSchema>;

export const TemplateReferenceSchema = object({
  templateName: optional(text('Name of the template.')),
  clusterScope: optional(flag('Whether it is a ClusterAnalysisTemplate.')),
});
export type TemplateReference = Static<typeof TemplateReferenceSchema>;

export const DryRunSchema = object({
  metricName: text('Regular expression: metrics that match run, but never decide.'),
});
export type DryRun = Static<typeof DryRunSchema>;

export const MeasurementRetentionSchema = object({
  metricName: text('Regular expression for the metrics that the limit applies to.'),
  limit: int32('How many measurements are kept.'),
});
export type MeasurementRetention = Static<typeof MeasurementRetentionSchema>;

export const RolloutAnalysisFields = {
  templates: optional(list(TemplateReferenceSchema, 'Templates whose metrics are measured together.')),
  args: optional(list(RolloutArgumentSchema, 'Arguments for the templates.')),
  dryRun: optional(list(DryRunSchema, 'Metrics that run but never decide.')),
  measurementRetention: optional(list(MeasurementRetentionSchema, 'How many measurements are kept.')),
  analysisRunMetadata: optional(PodTemplateMetadataSchema),
};

export const RolloutAnalysisSchema = object(RolloutAnalysisFields, {
  description: 'An analysis of the new version.',
});
export type RolloutAnalysis = Static<typeof RolloutAnalysisSchema>;

export const RolloutAnalysisBackgroundSchema = object(
  {
    ...RolloutAnalysisFields,
    startingStep: optional(int32('Step at which the analysis begins; 0 when absent.')),
  },
  { description: 'An analysis that runs beside the steps until full promotion.' },
);
export type RolloutAnalysisBackground = Static<typeof RolloutAnalysisBackgroundSchema>;

/** Phases of AnalysisRuns, metrics, measurements and Experiments. The last four are final. */
export type AnalysisPhase = 'Pending' | 'Running' | 'Successful' | 'Failed' | 'Error' | 'Inconclusive';
