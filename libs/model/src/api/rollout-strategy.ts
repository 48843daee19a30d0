import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { RolloutAnalysisBackgroundSchema, RolloutAnalysisSchema } from './analysis-reference.ts';
import { CanaryStepSchema } from './rollout-steps.ts';
import { flag, int32, intOrString, list, text, word } from './schema.ts';
import { PodTemplateMetadataSchema } from './shared.ts';
import { TrafficRoutingSchema } from './traffic-routing.ts';

const { Object: object, Optional: optional } = Type;

export const AntiAffinitySchema = object(
  {
    requiredDuringSchedulingIgnoredDuringExecution: optional(
      object({}, { description: 'New pods are never put beside old ones.' }),
    ),
    preferredDuringSchedulingIgnoredDuringExecution: optional(
      object({ weight: int32('1 to 100.') }, { description: 'New pods are put beside old ones only if need be.' }),
    ),
  },
  { description: 'Keep pods of the new version away from nodes with the old one.' },
);
export type AntiAffinity = Static<typeof AntiAffinitySchema>;

const scaleDownDelayRevisionLimit = optional(
  int32('How many old ReplicaSets may wait for their scale-down; no limit when absent.'),
);

export const BlueGreenStrategySchema = object(
  {
    activeService: text('Service that clients use.'),
    previewService: optional(text('Service for looking at the new version before it becomes active.')),
    previewReplicaCount: optional(int32('Pods of the new version before promotion; spec.replicas when absent.')),
    autoPromotionEnabled: optional(flag('Whether the new version becomes active by itself; true when absent.')),
    autoPromotionSeconds: optional(int32('How long to wait before it does.')),
    maxUnavailable: optional(intOrString('Pods that may be missing during a restart; 25% when absent.')),
    scaleDownDelaySeconds: optional(int32('How long the old version stays after the switch; 30 when absent.')),
    scaleDownDelayRevisionLimit,
    abortScaleDownDelaySeconds: optional(
      int32('How long the preview stays after an abort; 30 when absent, 0 for ever.'),
    ),
    prePromotionAnalysis: optional(RolloutAnalysisSchema),
    postPromotionAnalysis: optional(RolloutAnalysisSchema),
    antiAffinity: optional(AntiAffinitySchema),
    activeMetadata: optional(PodTemplateMetadataSchema),
    previewMetadata: optional(PodTemplateMetadataSchema),
  },
  { description: 'Run the new version beside the old one, then switch the Service.' },
);
export type BlueGreenStrategy = Static<typeof BlueGreenStrategySchema>;

export const ReplicaProgressThresholdSchema = object({
  type: word<'Percent' | 'Pods'>('Percent, or Pods for a number of pods.'),
  value: int32('How much of a scaling must be available before the step goes on.'),
});
export type ReplicaProgressThreshold = Static<typeof ReplicaProgressThresholdSchema>;

export const PingPongSchema = object(
  { pingService: text('One Service.'), pongService: text('The other Service.') },
  { description: 'Two Services that take turns as stable and canary.' },
);
export type PingPong = Static<typeof PingPongSchema>;

export const CanaryStrategySchema = object(
  {
    canaryService: optional(text('Service that selects the canary pods.')),
    stableService: optional(text('Service that selects the stable pods.')),
    steps: optional(list(CanaryStepSchema, 'The steps of an update, in order.')),
    trafficRouting: optional(TrafficRoutingSchema),
    maxSurge: optional(intOrString('Pods above spec.replicas during an update; 25% when absent.')),
    maxUnavailable: optional(intOrString('Pods that may be missing during an update; 25% when absent.')),
    analysis: optional(RolloutAnalysisBackgroundSchema),
    canaryMetadata: optional(PodTemplateMetadataSchema),
    stableMetadata: optional(PodTemplateMetadataSchema),
    scaleDownDelaySeconds: optional(
      int32('How long the old version stays after an update with a router; 30 when absent.'),
    ),
    scaleDownDelayRevisionLimit,
    abortScaleDownDelaySeconds: optional(
      int32('How long the canary stays after an abort with a router; 30 when absent.'),
    ),
    dynamicStableScale: optional(flag('Scale the stable version down as the canary takes its traffic.')),
    pingPong: optional(PingPongSchema),
    minPodsPerReplicaSet: optional(int32('Fewest pods of a version that receives traffic.')),
    replicaProgressThreshold: optional(ReplicaProgressThresholdSchema),
    antiAffinity: optional(AntiAffinitySchema),
  },
  { description: 'Give the new version a growing share, step by step.' },
);
export type CanaryStrategy = Static<typeof CanaryStrategySchema>;

export const RolloutStrategySchema = object(
  { blueGreen: optional(BlueGreenStrategySchema), canary: optional(CanaryStrategySchema) },
  { description: 'Exactly one of canary and blueGreen.' },
);
export type RolloutStrategy = Static<typeof RolloutStrategySchema>;
