import type { AnalysisRun, Experiment, ReplicaSet, RolloutStatus } from '@sluice/model';
import type { TrafficIntent } from './routed/intent.ts';
import type { StepPluginCall } from './plugin-step/intent.ts';
import type { EpochMs } from './snapshot.ts';

/** A Kubernetes Event to record about the Rollout. */
export interface EventIntent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What identifies the stored object that an action was decided on: a write must fail when it has changed since. */
export interface Target {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Keys to set, or to remove where the value is null. */
export type Changes = Readonly<Record<string, string | null>>;

/** All that one decision changes about one ReplicaSet, so that it costs one write. */
export interface ReplicaSetChange {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly annotations?: Changes;
  /** Of the pod template: ephemeral metadata for pods to come. */
  readonly podLabels?: Changes;
  readonly podAnnotations?: Changes;
}

/**
 * One thing to do, in the order given. Actions are level-based: each says what is to be, not what was done before, so that
 * dying after any of them is safe. `events` are recorded once the action has succeeded.
 */
export type Action =
  | {
      readonly kind: 'CreateReplicaSet';
      readonly replicaSet: ReplicaSet;
      readonly hash: string;
      readonly events: readonly EventIntent[];
    }
  | {
      readonly kind: 'UpdateReplicaSet';
      readonly target: Target;
      readonly change: ReplicaSetChange;
      readonly events: readonly EventIntent[];
    }
  | { readonly kind: 'DeleteReplicaSet'; readonly target: Target; readonly events: readonly EventIntent[] }
  | { readonly kind: 'AdoptReplicaSet'; readonly target: Target; readonly events: readonly EventIntent[] }
  | { readonly kind: 'ReleaseReplicaSet'; readonly target: Target; readonly events: readonly EventIntent[] }
  | {
      /** Points a Service at one version: sets the hash label in its selector and the managed-by annotation. */
      readonly kind: 'SwitchService';
      readonly target: Target;
      readonly hash: string;
      readonly managedBy: string;
      readonly events: readonly EventIntent[];
    }
  | {
      /** Annotations of the Rollout, and `spec.replicas` where it was left out (the scale subresource needs it). */
      readonly kind: 'PatchRollout';
      readonly annotations?: Changes;
      readonly replicas?: number;
      readonly events: readonly EventIntent[];
    }
  | {
      readonly kind: 'PatchPodMetadata';
      readonly target: Target;
      readonly labels: Changes;
      readonly annotations: Changes;
      readonly events: readonly EventIntent[];
    }
  | { readonly kind: 'EvictPod'; readonly target: Target; readonly events: readonly EventIntent[] }
  | {
      /**
       * Declares the whole routing to one router or, with mode `observe`, only asks what it routes. The answer is part of the next snapshot;
       * the actions behind it wait for that.
       */
      readonly kind: 'ApplyTraffic';
      readonly router: string;
      readonly intent: TrafficIntent;
      readonly mode: 'apply' | 'observe';
      readonly events: readonly EventIntent[];
    }
  | {
      /** The strategy no longer names any router: each gives back what it took for this rollout. */
      readonly kind: 'ReleaseTraffic';
      readonly routers: readonly string[];
      readonly events: readonly EventIntent[];
    }
  | {
      /** Asks the analysis-runner to see to it that this run exists, under this name. It is followed by watch. */
      readonly kind: 'EnsureAnalysisRun';
      readonly run: AnalysisRun;
      readonly events: readonly EventIntent[];
    }
  | {
      readonly kind: 'TerminateAnalysisRun';
      readonly name: string;
      readonly uid: string;
      readonly events: readonly EventIntent[];
    }
  | { readonly kind: 'DeleteAnalysisRun'; readonly target: Target; readonly events: readonly EventIntent[] }
  | {
      /** Asks the experiment-manager to see to it that this experiment exists, under this name. It is followed by watch. */
      readonly kind: 'EnsureExperiment';
      readonly experiment: Experiment;
      readonly events: readonly EventIntent[];
    }
  | {
      readonly kind: 'TerminateExperiment';
      readonly name: string;
      readonly uid: string;
      readonly events: readonly EventIntent[];
    }
  | { readonly kind: 'DeleteExperiment'; readonly target: Target; readonly events: readonly EventIntent[] }
  | {
      /** Asks a step plugin. The answer is part of the next snapshot. */
      readonly kind: 'CallStepPlugin';
      readonly call: StepPluginCall;
      readonly events: readonly EventIntent[];
    }
  | {
      readonly kind: 'ScaleDeployment';
      readonly name: string;
      readonly replicas: number;
      readonly events: readonly EventIntent[];
    };

/** Why a rollout is where it is. Branch on the code, never on the text. */
export type ExplanationCode =
  | 'Healthy'
  | 'Deleting'
  | 'InvalidSpec'
  | 'WorkloadMissing'
  | 'NotSupportedHere'
  | 'CannotObserve'
  | 'ReplicaSetCreateFailed'
  | 'WriteRefused'
  | 'StableVersionMissing'
  | 'PausedByUser'
  | 'PausedAtStep'
  | 'PausedForTime'
  | 'PausedBeforePromotion'
  | 'PausedInconclusive'
  | 'Aborted'
  | 'ProgressDeadlineExceeded'
  | 'Restarting'
  | 'WaitingForPods'
  | 'WaitingForOldPods'
  | 'WaitingForService'
  | 'WaitingForRouter'
  | 'WaitingForScaleDown'
  | 'WaitingForAnalysis'
  | 'WaitingForExperiment'
  | 'WaitingForPlugin'
  | 'Progressing'
  | 'OtherController'
  | 'OtherReplica';

/** The one reason why the rollout is where it is, and what moves it on. */
export interface Explanation {
  readonly code: ExplanationCode;
  /** One sentence: what it waits for, with names and numbers. */
  readonly detail: string;
  /** What unblocks it: a command to type, a thing to mend, or "nothing: it goes on by itself". */
  readonly unblock: string;
  readonly since?: EpochMs;
  /** When time alone moves it on. */
  readonly until?: EpochMs;
}

/**
 * How soon a changed status must be stored. `soon`: only counters changed, nobody waits for them to the millisecond, and a
 * later decision may make this one obsolete, so that it need not be written at all.
 */
export type StatusUrgency = 'unchanged' | 'soon' | 'now';

export interface Decision {
  /** The status to store after the actions have succeeded. */
  readonly status: RolloutStatus;
  readonly statusUrgency: StatusUrgency;
  readonly actions: readonly Action[];
  /** To record once the status is stored. */
  readonly events: readonly EventIntent[];
  readonly explanation: Explanation;
  /** When to decide again although nothing was seen to change. */
  readonly wakeAt?: EpochMs;
}
