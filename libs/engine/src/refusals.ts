import { conditionReasons, conditionTypes } from '@sluice/model';
import type { ConditionContent } from './conditions.ts';
import type { Action, ReplicaSetChange } from './decision.ts';
import type { RolloutSnapshot } from './snapshot.ts';

/** A write that the API server refuses (invalid for it, a policy, a webhook, a permission), and will refuse again until something else changes. */
export interface Refusal {
  readonly kind: RefusedKind;
  readonly name: string;
  /** The value that was refused, where another one may be taken: a number of pods, a version. */
  readonly value?: string | undefined;
  /** What the API server says. */
  readonly message: string;
}

/** What identifies a write that may be refused. Changes of one ReplicaSet count apart: its pods do not depend on its labels. */
export type RefusableWrite = Omit<Refusal, 'message'>;

type RefusedKind =
  | 'ScaleReplicaSet'
  | 'LabelReplicaSet'
  | Exclude<
      Action['kind'],
      | 'CreateReplicaSet'
      | 'UpdateReplicaSet'
      | 'ApplyTraffic'
      | 'ReleaseTraffic'
      | 'EnsureAnalysisRun'
      | 'TerminateAnalysisRun'
      | 'EnsureExperiment'
      | 'TerminateExperiment'
      | 'CallStepPlugin'
    >
  | 'PatchStatus';

const words: Readonly<Record<RefusedKind, (write: RefusableWrite) => string>> = {
  ScaleReplicaSet: ({ name, value }) => `scale ReplicaSet ${name} to ${value}`,
  LabelReplicaSet: ({ name }) => `change the labels or annotations of ReplicaSet ${name}`,
  DeleteReplicaSet: ({ name }) => `delete ReplicaSet ${name}`,
  AdoptReplicaSet: ({ name }) => `make this Rollout the owner of ReplicaSet ${name}`,
  ReleaseReplicaSet: ({ name }) => `take this Rollout off the owners of ReplicaSet ${name}`,
  SwitchService: ({ name, value }) => `point Service ${name} at ${value}`,
  PatchRollout: () => "change this Rollout's annotations or spec.replicas",
  PatchPodMetadata: ({ name }) => `change the labels or annotations of Pod ${name}`,
  EvictPod: ({ name }) => `evict Pod ${name}`,
  ScaleDeployment: ({ name, value }) => `scale Deployment ${name} to ${value}`,
  DeleteAnalysisRun: ({ name }) => `delete AnalysisRun ${name}`,
  DeleteExperiment: ({ name }) => `delete Experiment ${name}`,
  PatchStatus: () => "store parts of this Rollout's status",
};

/** `The API server refuses to scale ReplicaSet shop-5d4f to 4: …` */
export const refusalText = (refusal: Refusal): string =>
  `The API server refuses to ${words[refusal.kind](refusal)}: ${refusal.message}`;

/** The update cannot go where it should without these; the others are a matter of labels, annotations and leftovers. */
const holding: ReadonlySet<RefusedKind> = new Set([
  'ScaleReplicaSet',
  'SwitchService',
  'ScaleDeployment',
  'AdoptReplicaSet',
]);

/** The refused write that keeps the update from going on, where there is one. */
export const holdingRefusal = ({ refusals = [] }: RolloutSnapshot): Refusal | undefined =>
  refusals.find(({ kind }) => holding.has(kind));

export function refusedCondition({ refusals = [] }: RolloutSnapshot): ConditionContent | undefined {
  const [first] = refusals;
  if (!first) return undefined;
  const shown = refusals.find(({ kind }) => holding.has(kind)) ?? first;
  const more = refusals.length > 1 ? ` (and ${refusals.length - 1} more)` : '';
  return {
    type: conditionTypes.writeRefused,
    status: 'True',
    reason: conditionReasons.writeRefused,
    message: `${refusalText(shown)}${more}`,
  };
}

/** Whether the API server has just refused this write: it is left out for a while, and everything that does not depend on it goes on. */
export type IsRefused = (write: RefusableWrite) => boolean;

export const refusedIn =
  ({ refusals = [] }: Pick<RolloutSnapshot, 'refusals'>): IsRefused =>
  ({ kind, name, value }) =>
    refusals.some((refusal) => refusal.kind === kind && refusal.name === name && refusal.value === value);

/** The write that an action is; undefined for actions whose failures are answered in another way. */
export function writeOf(action: Action): RefusableWrite | undefined {
  switch (action.kind) {
    case 'DeleteReplicaSet':
    case 'AdoptReplicaSet':
    case 'ReleaseReplicaSet':
    case 'PatchPodMetadata':
    case 'EvictPod':
    case 'DeleteAnalysisRun':
    case 'DeleteExperiment':
      return { kind: action.kind, name: action.target.name };
    case 'SwitchService':
      return { kind: action.kind, name: action.target.name, value: action.hash };
    case 'PatchRollout':
      return { kind: action.kind, name: '' };
    case 'ScaleDeployment':
      return { kind: action.kind, name: action.name, value: String(action.replicas) };
    default:
      return undefined;
  }
}

/** The writes that a change of a ReplicaSet consists of, each with its part of the change. */
export function writesOfChange(
  name: string,
  { replicas, ...metadata }: ReplicaSetChange,
): { readonly scale?: RefusableWrite; readonly label?: RefusableWrite } {
  const hasMetadata = Object.values(metadata).some((part) => part !== undefined);
  return {
    ...(replicas !== undefined && { scale: { kind: 'ScaleReplicaSet', name, value: String(replicas) } }),
    ...(hasMetadata && { label: { kind: 'LabelReplicaSet', name } }),
  };
}

/** What is left of a change when refused parts are taken out; undefined: nothing. */
export function acceptedPart(
  name: string,
  change: ReplicaSetChange,
  isRefused: IsRefused,
): ReplicaSetChange | undefined {
  const { scale, label } = writesOfChange(name, change);
  const { replicas, ...metadata } = change;
  const keepsScale = scale !== undefined && !isRefused(scale);
  const keepsLabel = label !== undefined && !isRefused(label);
  if (scale === undefined && label === undefined) return change;
  if (!keepsScale && !keepsLabel) return undefined;
  return { ...(keepsScale && replicas !== undefined && { replicas }), ...(keepsLabel && metadata) };
}
