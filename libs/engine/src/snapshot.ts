import type { Refusal } from './refusals.ts';
import type { ObservedExperiment, ObservedRun } from './observed.ts';
import type { StepPluginObservations } from './plugin-step/intent.ts';
import type { RouterObservation } from './routed/intent.ts';
import type {
  AnalysisTemplate,
  LabelSelector,
  Pod,
  PodTemplateSpec,
  ReplicaSet,
  Rollout,
  RolloutStatus,
  Service,
} from '@sluice/model';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** What `spec.workloadRef` was seen to point at. A Rollout without one has `inline`. */
export type WorkloadObservation =
  | { readonly kind: 'inline' }
  | {
      readonly kind: 'found';
      readonly template: PodTemplateSpec;
      readonly selector?: LabelSelector;
      readonly generation: number;
      /** `spec.replicas` of a Deployment; absent for kinds that have none. */
      readonly replicas?: number;
    }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'unknown' };

/** A Service as last observed. `unknown` means that it could not be read, and unknown means hold. */
export type ServiceObservation = Service | 'absent' | 'unknown';

/** What this installation can do beyond ReplicaSets and Services; a Rollout that needs more is held as it is. */
export interface Capabilities {
  readonly routers: readonly string[];
  readonly analysis: boolean;
  readonly experiments: boolean;
  readonly stepPlugins: readonly string[];
}

export const noCapabilities: Capabilities = { routers: [], analysis: false, experiments: false, stepPlugins: [] };

export interface RouterProblem {
  readonly router: string;
  /** Of the setting, below the router's own part of the manifest, and what stands there. */
  readonly path: string;
  readonly value: unknown;
  readonly message: string;
}

/** `released`: the router holds nothing (any more). Otherwise why it has not given it back yet; it is asked again. */
export type ReleaseAnswer = 'released' | { readonly reason: string };

/** What is kept under a name that a user chose: any text may be one, also `__proto__`. */
export const named = <T>(values: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

/** When the controller first saw a command of a user in the status. */
export interface CommandSighting {
  /** Commands that were seen later have a higher one. */
  readonly order: number;
  /** The pod template that the spec had then; absent where it changed unseen in the same moment. */
  readonly template?: PodTemplateSpec | undefined;
}

/** Commands that the status holds and that the controller saw arrive. One that is not here was there before: its order is unknown. */
export interface CommandSightings {
  readonly abort?: CommandSighting;
  readonly promoteFull?: CommandSighting;
}

/**
 * All that bears on one Rollout at one moment. Frozen: the engine never changes it, and the same snapshot always gives
 * the same Decision.
 */
export interface RolloutSnapshot {
  readonly now: EpochMs;
  /** As stored, with the status that other writers may have patched since. */
  readonly rollout: Rollout;
  readonly workload: WorkloadObservation;
  /** ReplicaSets whose controller is this Rollout (by uid). */
  readonly replicaSets: readonly ReplicaSet[];
  /** ReplicaSets without a controller that carry the hash label and match the selector. */
  readonly orphans: readonly ReplicaSet[];
  /** By name: each Service that the strategy names. */
  readonly services: Readonly<Record<string, ServiceObservation>>;
  /** Pods of the owned ReplicaSets. Needed only while `needsPods(rollout)`. */
  readonly pods?: readonly Pod[];
  /** Names of ReplicaSets that exist but belong to somebody else or run another template: a new set must avoid them. */
  readonly takenNames?: readonly string[];
  /** The API server's answer when it refused the ReplicaSet of this template (by hash): the template is invalid. */
  readonly templateRefusal?: { readonly hash: string; readonly message: string };
  /** The last failure to create the ReplicaSet with this hash for any other reason (quota, webhook). */
  readonly createFailure?: { readonly hash: string; readonly message: string };
  /** Writes that the API server has refused and that are not tried again yet. */
  readonly refusals?: readonly Refusal[];
  /** By name: what each router that the strategy names was last seen to route; one that is not here is unknown. */
  readonly routers?: Readonly<Record<string, RouterObservation>>;
  /** What routers have found wrong with the objects that the strategy names for them. Whom nobody could ask has found nothing. */
  readonly routerProblems?: readonly RouterProblem[];
  /** What routers that the strategy names no more have said to giving back what they hold, by name; one that is not here has not been asked. */
  readonly releases?: Readonly<Record<string, ReleaseAnswer>>;
  /** AnalysisRuns whose controller is this Rollout, among them each that its status names and that exists. */
  readonly analysisRuns?: readonly ObservedRun[];
  /** Experiments whose controller is this Rollout, among them the one that its status names, if it exists. */
  readonly experiments?: readonly ObservedExperiment[];
  /** By name: the templates that the strategy's analyses name, and those that they name in turn. */
  readonly analysisTemplates?: Readonly<Record<string, AnalysisTemplate>>;
  readonly clusterAnalysisTemplates?: Readonly<Record<string, AnalysisTemplate>>;
  /** The status as it is stored, where `rollout.status` is a decided one that waits to be: another writer may yet undo what that says. */
  readonly storedStatus?: RolloutStatus;
  /** In which order users gave the commands that the status holds, and with which version in the spec. */
  readonly commands?: CommandSightings;
  /** Names of AnalysisRuns and Experiments that exist and belong to somebody else. */
  readonly takenRunNames?: readonly string[];
  /** Why a service could not do what it was last asked for; it is left alone for a while. */
  readonly unreachable?: { readonly analysis?: string; readonly experiments?: string };
  /** What step plugins have answered, and which of them do not. */
  readonly stepPlugins?: StepPluginObservations;
  /** The ReplicaSet of the stable version as the controller last saw it; absent where it never did. */
  readonly lastStable?: ReplicaSet;
  readonly capabilities: Capabilities;
}
