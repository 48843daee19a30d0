import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import type { LabelSelector, ObjectMeta, PodTemplateSpec } from './core.ts';
import { RolloutStatusSchema } from './rollout-status.ts';
import type { RolloutStatus } from './rollout-status.ts';
import { RolloutStrategySchema } from './rollout-strategy.ts';
import { flag, int32, nullable, text, time, word } from './schema.ts';
import { LabelSelectorSchema, PodTemplateSpecSchema } from './shared.ts';

const { Object: object, Optional: optional, Unsafe: unsafe } = Type;

/** What happens to the referenced workload's own pods. Any other word means never. */
export type WorkloadScaleDown = 'never' | 'onsuccess' | 'progressively';

export const WorkloadRefSchema = object(
  {
    apiVersion: optional(text('API group and version of the workload.')),
    kind: optional(text('Deployment, ReplicaSet or PodTemplate.')),
    name: optional(text('Name of the workload, in the same namespace.')),
    scaleDown: optional(word<WorkloadScaleDown>("When the workload's own pods go: never, onsuccess or progressively.")),
  },
  { description: 'Take the pod template from this workload instead of spec.template.' },
);
export type WorkloadRef = Static<typeof WorkloadRefSchema>;

export const RolloutSpecSchema = object(
  {
    replicas: optional(nullable(int32('Number of pods; 1 when absent.'))),
    selector: optional(
      nullable(
        unsafe<LabelSelector>({
          ...LabelSelectorSchema,
          description: 'Selects the pods of this Rollout. Cannot be changed.',
          'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: '.spec.selector is immutable' }],
        }),
      ),
    ),
    template: optional(unsafe<PodTemplateSpec>(PodTemplateSpecSchema)),
    workloadRef: optional(nullable(WorkloadRefSchema)),
    minReadySeconds: optional(int32('How long a pod must be ready to count as available; 0 when absent.')),
    rollbackWindow: optional(
      object(
        { revisions: optional(int32('How many revisions back.')) },
        { description: 'Going back within this window skips the steps.' },
      ),
    ),
    strategy: optional(RolloutStrategySchema),
    revisionHistoryLimit: optional(nullable(int32('How many old ReplicaSets are kept; 10 when absent.'))),
    paused: optional(flag('Set by a user: hold the rollout where it is.')),
    progressDeadlineSeconds: optional(nullable(int32('How long an update may make no progress; 600 when absent.'))),
    progressDeadlineAbort: optional(flag('Abort when that time is over.')),
    restartAt: optional(nullable(time('Pods that are older than this are replaced.'))),
    analysis: optional(
      object(
        {
          successfulRunHistoryLimit: optional(
            nullable(int32('How many successful AnalysisRuns and Experiments are kept; 5 when absent.')),
          ),
          unsuccessfulRunHistoryLimit: optional(nullable(int32('How many of the others are kept; 5 when absent.'))),
        },
        { description: 'How much of the past is kept.' },
      ),
    ),
  },
  {
    description: 'What is wanted.',
    'x-kubernetes-validations': [
      {
        rule: '!has(oldSelf.selector) || has(self.selector) || has(self.workloadRef)',
        message: '.spec.selector is immutable: it cannot be removed',
      },
    ],
  },
);
export type RolloutSpec = Static<typeof RolloutSpecSchema>;

export interface Rollout {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  spec: RolloutSpec;
  status?: RolloutStatus;
}

export const RolloutSchema = object(
  { spec: RolloutSpecSchema, status: optional(RolloutStatusSchema) },
  { description: 'A workload whose new versions are rolled out step by step.' },
);
