import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import {
  ArgumentSchema,
  DryRunSchema,
  MeasurementRetentionSchema,
  TemplateReferenceSchema,
} from './analysis-reference.ts';
import type { AnalysisPhase } from './analysis-reference.ts';
import type { ObjectMeta } from './core.ts';
import { MetricProviderSchema } from './metric-providers.ts';
import { flag, int32, intOrString, list, nullable, text, textMap, time, word } from './schema.ts';

const { Object: object, Optional: optional } = Type;

export const MetricSchema = object({
  name: text('Name, unique in the run.'),
  interval: optional(text('Time between measurements, such as 30s.')),
  initialDelay: optional(text('Time before the first measurement.')),
  count: optional(intOrString('How many measurements; without it one, or no limit if there is an interval.')),
  successCondition: optional(text('Expression over result that is true when the measurement is good.')),
  failureCondition: optional(text('Expression over result that is true when the measurement is bad.')),
  failureLimit: optional(intOrString('How many failed measurements are tolerated; 0 when absent, -1 for any number.')),
  inconclusiveLimit: optional(intOrString('How many inconclusive measurements are tolerated; 0 when absent.')),
  consecutiveErrorLimit: optional(intOrString('How many errors in a row are tolerated; 4 when absent.')),
  consecutiveSuccessLimit: optional(intOrString('How many successes in a row end the metric; 0 for no such end.')),
  provider: MetricProviderSchema,
});
export type Metric = Static<typeof MetricSchema>;

const args = optional(nullable(list(ArgumentSchema, 'Arguments, used as {{args.name}}.')));
const dryRun = optional(list(DryRunSchema, 'Metrics that run but never decide.'));
const measurementRetention = optional(list(MeasurementRetentionSchema, 'How many measurements are kept.'));
const metrics = list(MetricSchema, 'What is measured.');

export const AnalysisTemplateSpecSchema = object(
  {
    metrics: optional(nullable(metrics)),
    args,
    dryRun,
    measurementRetention,
    templates: optional(list(TemplateReferenceSchema, 'Templates whose metrics are measured as well.')),
  },
  { description: 'What runs of this template do.' },
);
export type AnalysisTemplateSpec = Static<typeof AnalysisTemplateSpecSchema>;

export const AnalysisRunSpecSchema = object(
  {
    metrics: nullable(metrics),
    args,
    dryRun,
    measurementRetention,
    terminate: optional(flag('Set to end the run early.')),
    ttlStrategy: optional(
      object(
        {
          secondsAfterCompletion: optional(nullable(int32('After any end.'))),
          secondsAfterFailure: optional(nullable(int32('After a failure.'))),
          secondsAfterSuccess: optional(nullable(int32('After a success.'))),
        },
        { description: 'When the run is deleted after its end.' },
      ),
    ),
  },
  { description: 'What the run does.' },
);
export type AnalysisRunSpec = Static<typeof AnalysisRunSpecSchema>;

export const MeasurementSchema = object({
  phase: word<AnalysisPhase>('How the value was judged.'),
  message: optional(text('Why.')),
  startedAt: optional(nullable(time('When it began.'))),
  finishedAt: optional(nullable(time('When it ended.'))),
  value: optional(text('The value, as text.')),
  metadata: optional(textMap('What the provider wants to be told again or people to see.')),
  resumeAt: optional(nullable(time('When to look again.'))),
});
export type Measurement = Static<typeof MeasurementSchema>;

export const MetricResultSchema = object({
  name: text('Name of the metric.'),
  phase: word<AnalysisPhase>('Its phase.'),
  message: optional(text('Why.')),
  count: optional(int32('Measurements without error.')),
  successful: optional(int32('Successful ones.')),
  failed: optional(int32('Failed ones.')),
  inconclusive: optional(int32('Inconclusive ones.')),
  error: optional(int32('Errors.')),
  consecutiveError: optional(int32('Errors in a row until now.')),
  consecutiveSuccess: optional(int32('Successes in a row until now.')),
  dryRun: optional(flag('Whether the metric never decides.')),
  metadata: optional(textMap('What the provider says about the metric.')),
  measurements: optional(list(MeasurementSchema, 'The newest measurements, oldest first.')),
});
export type MetricResult = Static<typeof MetricResultSchema>;

const RunSummarySchema = object({
  count: optional(int32('Metrics.')),
  successful: optional(int32('Successful ones.')),
  failed: optional(int32('Failed ones.')),
  inconclusive: optional(int32('Inconclusive ones.')),
  error: optional(int32('Ones with too many errors.')),
});
export type RunSummary = Static<typeof RunSummarySchema>;

export const AnalysisRunStatusSchema = object(
  {
    phase: word<AnalysisPhase>('Pending, Running, Successful, Failed, Error or Inconclusive.'),
    message: optional(text('Why the run ended as it did.')),
    startedAt: optional(nullable(time('When it began.'))),
    completedAt: optional(nullable(time('When it ended.'))),
    metricResults: optional(nullable(list(MetricResultSchema, 'Results by metric.'))),
    runSummary: optional(RunSummarySchema),
    dryRunSummary: optional(nullable(RunSummarySchema)),
  },
  { description: 'What was measured.' },
);
export type AnalysisRunStatus = Static<typeof AnalysisRunStatusSchema>;

export interface AnalysisTemplate {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  spec: AnalysisTemplateSpec;
}

/** Like an AnalysisTemplate, for every namespace. */
export type ClusterAnalysisTemplate = AnalysisTemplate;

export interface AnalysisRun {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  spec: AnalysisRunSpec;
  status?: AnalysisRunStatus;
}

export const AnalysisTemplateSchema = object(
  { spec: AnalysisTemplateSpecSchema },
  { description: 'Metrics that decide whether a version is good.' },
);

export const AnalysisRunSchema = object(
  { spec: AnalysisRunSpecSchema, status: optional(nullable(AnalysisRunStatusSchema)) },
  { description: 'Metrics that are being measured, and the verdict.' },
);
