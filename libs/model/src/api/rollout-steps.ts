import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { DryRunSchema, RolloutAnalysisSchema, RolloutArgumentSchema } from './analysis-reference.ts';
import { anyValue, flag, int32, intOrString, list, mapOf, nullable, text, word } from './schema.ts';
import { LabelSelectorSchema, PodTemplateMetadataSchema } from './shared.ts';

const { Object: object, Optional: optional } = Type;

export const PauseStepSchema = object(
  {
    duration: optional(intOrString('Seconds, or a duration such as 10m. Without it the pause lasts until promoted.')),
  },
  { description: 'Wait, for a time or until promoted.' },
);
export type PauseStep = Static<typeof PauseStepSchema>;

const ServiceOfTemplateSchema = object(
  { name: optional(text('Name of the Service; that of the ReplicaSet when absent.')) },
  { description: 'A Service in front of the pods.' },
);

const ExperimentStepTemplateSchema = object({
  name: text('Name of the template, unique in the step.'),
  specRef: word<'canary' | 'stable'>('Version whose pods are run: canary or stable.'),
  replicas: optional(int32('Number of pods; 1 when absent.')),
  metadata: optional(PodTemplateMetadataSchema),
  selector: optional(LabelSelectorSchema),
  weight: optional(int32('Share of the traffic that these pods receive.')),
  service: optional(ServiceOfTemplateSchema),
});

const ExperimentStepAnalysisSchema = object({
  name: text('Name of the analysis, unique in the step.'),
  templateName: text('Name of the template.'),
  clusterScope: optional(flag('Whether it is a ClusterAnalysisTemplate.')),
  args: optional(list(RolloutArgumentSchema, 'Arguments for the template.')),
  requiredForCompletion: optional(flag('Whether the experiment lasts until this analysis has succeeded.')),
});

export const ExperimentStepSchema = object(
  {
    templates: optional(nullable(list(ExperimentStepTemplateSchema, 'Versions that run side by side.'))),
    duration: optional(text('How long they run, such as 10m. Without it until their analyses decide.')),
    analyses: optional(list(ExperimentStepAnalysisSchema, 'Analyses that judge them.')),
    dryRun: optional(list(DryRunSchema, 'Metrics that run but never decide.')),
    analysisRunMetadata: optional(PodTemplateMetadataSchema),
    scaleDownDelaySeconds: optional(int32('How long the pods stay after the end; 30 when absent.')),
  },
  { description: 'Run versions side by side in an Experiment and wait for its end.' },
);
export type ExperimentStep = Static<typeof ExperimentStepSchema>;

export const SetCanaryScaleSchema = object(
  {
    weight: optional(int32('Canary pods as a percentage of spec.replicas.')),
    replicas: optional(int32('Number of canary pods.')),
    matchTrafficWeight: optional(flag('Follow the traffic weight again.')),
  },
  { description: 'Set the number of canary pods apart from the traffic weight.' },
);
export type SetCanaryScale = Static<typeof SetCanaryScaleSchema>;

export const StringMatchSchema = object(
  {
    exact: optional(text('The whole value.')),
    prefix: optional(text('How the value begins.')),
    regex: optional(text('Regular expression for the value.')),
  },
  { description: 'Exactly one of exact, prefix and regex.' },
);
export type StringMatch = Static<typeof StringMatchSchema>;

export const SetHeaderRouteSchema = object(
  {
    name: text('Name of the route, one of managedRoutes.'),
    match: optional(
      nullable(
        list(
          object({ headerName: text('Name of the header.'), headerValue: optional(nullable(StringMatchSchema)) }),
          'Requests with any of these headers go to the canary. Without it the route is removed.',
        ),
      ),
    ),
  },
  { description: 'Send requests with certain headers to the canary.' },
);
export type SetHeaderRoute = Static<typeof SetHeaderRouteSchema>;

export const SetMirrorRouteSchema = object(
  {
    name: text('Name of the route, one of managedRoutes.'),
    match: optional(
      nullable(
        list(
          object({
            method: optional(StringMatchSchema),
            path: optional(StringMatchSchema),
            headers: optional(mapOf(StringMatchSchema, 'Header values by header name.')),
          }),
          'Requests that are copied to the canary. Without it the route is removed.',
        ),
      ),
    ),
    percentage: optional(int32('Share of these requests that is copied; 100 when absent.')),
  },
  { description: 'Copy requests to the canary, whose answers are thrown away.' },
);
export type SetMirrorRoute = Static<typeof SetMirrorRouteSchema>;

export const PluginStepSchema = object(
  {
    name: text('Name of the step plugin, such as org/name.'),
    config: optional(anyValue('Configuration that the plugin understands.')),
  },
  { description: 'A step that a plugin performs.' },
);
export type PluginStep = Static<typeof PluginStepSchema>;

export const CanaryStepSchema = object({
  setWeight: optional(int32('Weight of the canary, 0 to maxTrafficWeight.')),
  pause: optional(PauseStepSchema),
  experiment: optional(ExperimentStepSchema),
  analysis: optional(RolloutAnalysisSchema),
  setCanaryScale: optional(SetCanaryScaleSchema),
  setHeaderRoute: optional(SetHeaderRouteSchema),
  setMirrorRoute: optional(SetMirrorRouteSchema),
  plugin: optional(PluginStepSchema),
});
export type CanaryStep = Static<typeof CanaryStepSchema>;
