import {
  eventReasons,
  experimentNameAnnotation,
  experimentTemplateNameAnnotation,
  formatTime,
  parseTime,
  podTemplateHash,
  podTemplateHashLabel,
  scaleDownDeadlineAnnotation,
} from '@sluice/model';
import type { Experiment, ExperimentTemplate, OwnerReference, PodTemplateSpec, ReplicaSet } from '@sluice/model';
import { withHash } from '../counts.ts';
import { targetOf } from '../plan.ts';
import { labelledTemplate } from '../roles.ts';
import type { EpochMs } from '../snapshot.ts';
import type { ExperimentAction, ExperimentEvent } from './decision.ts';
import { experimentEvent } from './events.ts';
import { mayBeRouted } from './routes.ts';
import { desiredReplicas, isCompleted, isTemplateCompleted, replicaSetName, templateStatusOf } from './situation.ts';
import type { Situation } from './situation.ts';

const DEFAULT_SCALE_DOWN_DELAY_SECONDS = 30;
/** How often a Rollout that still routes to a template is looked at. */
const ROUTES_AGAIN_MS = 2_000;

export const ownerReferenceTo = ({ metadata }: Experiment): OwnerReference => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Experiment',
  name: metadata.name,
  uid: metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});

export const annotationsFor = (experiment: Experiment, template: string): Record<string, string> => ({
  [experimentNameAnnotation]: experiment.metadata.name,
  [experimentTemplateNameAnnotation]: template,
});

export const hashOf = (set: ReplicaSet | undefined): string | undefined => set?.metadata.labels?.[podTemplateHashLabel];

/** Source: spec-experiment §5. */
export function buildReplicaSet(s: Situation, template: ExperimentTemplate): ReplicaSet {
  const { experiment } = s;
  const podTemplate = withoutHash(template.template ?? { spec: { containers: [] } });
  const hash = ownHash(s, template, podTemplate, templateStatusOf(s.status, template.name)?.collisionCount);
  const labelled = labelledTemplate(podTemplate, hash);
  const { minReadySeconds = 0 } = template;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: replicaSetName(experiment, template.name),
      namespace: experiment.metadata.namespace,
      labels: labelled.metadata?.labels ?? {},
      annotations: annotationsFor(experiment, template.name),
      ownerReferences: [ownerReferenceTo(experiment)],
    },
    spec: {
      replicas: desiredReplicas(s, template),
      ...(minReadySeconds > 0 && { minReadySeconds }),
      selector: withHash(template.selector ?? {}, hash),
      template: labelled,
    },
  };
}

/**
 * A template that is taken from a Rollout's version wears that version's hash. Its pods must have another one, which no version of the Rollout can come to have
 * either: the Rollout's Services would select them. Without the name it would be the same wherever the template already has what the API server adds,
 * as that of a Deployment has.
 */
function ownHash(
  { experiment }: Situation,
  { template }: ExperimentTemplate,
  podTemplate: PodTemplateSpec,
  collisionCount: number | undefined,
): string {
  const isTaken = template?.metadata?.labels?.[podTemplateHashLabel] !== undefined;
  if (!isTaken) return podTemplateHash(podTemplate, collisionCount);
  const annotations = {
    ...podTemplate.metadata?.annotations,
    [experimentNameAnnotation]: experiment.metadata.name,
  };
  return podTemplateHash({ ...podTemplate, metadata: { ...podTemplate.metadata, annotations } }, collisionCount);
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  if (template.metadata?.labels?.[podTemplateHashLabel] === undefined) return template;
  const { [podTemplateHashLabel]: _hash, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** What this decision wants of one ReplicaSet that exists. */
export interface SetPlan {
  readonly replicas: number;
  readonly annotation?: string | null;
  /** When time alone changes it. */
  readonly wakeAt?: EpochMs;
  /** Its pods stay because traffic may still be sent to them. */
  readonly routed?: boolean;
}

/**
 * A template that is not needed any more keeps its pods for the scale-down delay, so that connections end; and for as long as a Rollout may
 * still send traffic to them. The annotation stays behind when they are gone. Source: spec-experiment §7.
 */
export function planSet(s: Situation, template: ExperimentTemplate, set: ReplicaSet): SetPlan {
  const deadline = set.metadata.annotations?.[scaleDownDeadlineAnnotation];
  const spec = set.spec.replicas ?? 1;
  const desired = desiredReplicas(s, template);
  if (desired > 0) return { replicas: desired, ...(deadline !== undefined && { annotation: null }) };
  if (spec === 0) return { replicas: 0 };
  const delayMs = (s.experiment.spec.scaleDownDelaySeconds ?? DEFAULT_SCALE_DOWN_DELAY_SECONDS) * 1000;
  if (delayMs > 0) {
    const until = deadline === undefined ? s.now + delayMs : parseTime(deadline);
    // A deadline that nobody can read must not keep pods for ever.
    if (until !== undefined && until > s.now)
      return { replicas: spec, wakeAt: until, ...(deadline === undefined && { annotation: formatTime(until) }) };
  }
  if (mayBeRouted(s, set)) return { replicas: spec, wakeAt: s.now + ROUTES_AGAIN_MS, routed: true };
  return { replicas: 0, ...(delayMs <= 0 && deadline !== undefined && { annotation: null }) };
}

/** Creations and changes of size, in the order of the templates; what belongs to no template is scaled down. */
export function replicaSetActions(s: Situation): { actions: readonly ExperimentAction[]; wakes: readonly EpochMs[] } {
  const actions: ExperimentAction[] = [];
  const wakes: EpochMs[] = [];
  for (const template of s.templates) {
    const set = s.sets.get(template.name);
    if (!set) {
      const created = createAction(s, template);
      if (created) actions.push(created);
    } else if (!set.metadata.deletionTimestamp) {
      const plan = planSet(s, template, set);
      if (plan.wakeAt !== undefined) wakes.push(plan.wakeAt);
      const update = updateAction(set, plan);
      if (update) actions.push(update);
    }
  }
  for (const set of s.leftovers) {
    const update = set.metadata.deletionTimestamp ? undefined : updateAction(set, { replicas: 0 });
    if (update) actions.push(update);
  }
  return { actions, wakes };
}

function createAction(s: Situation, template: ExperimentTemplate): ExperimentAction | undefined {
  const replicaSet = buildReplicaSet(s, template);
  const { name } = replicaSet.metadata;
  // What has ended is not made anew. One that ends before it began gets its ReplicaSets, without pods, as clients expect.
  const before = s.experiment.status ?? {};
  const hasEnded = isCompleted(before.phase) || isTemplateCompleted(templateStatusOf(before, template.name)?.status);
  if (hasEnded || s.snapshot.answers?.takenNames?.includes(name)) return undefined;
  const to = replicaSet.spec.replicas ?? 0;
  return { kind: 'CreateReplicaSet', template: template.name, replicaSet, events: to > 0 ? [scaled(name, 0, to)] : [] };
}

function updateAction(set: ReplicaSet, { replicas, annotation }: SetPlan): ExperimentAction | undefined {
  const from = set.spec.replicas ?? 1;
  if (from === replicas && annotation === undefined) return undefined;
  const change = {
    ...(from !== replicas && { replicas }),
    ...(annotation !== undefined && { annotations: { [scaleDownDeadlineAnnotation]: annotation } }),
  };
  const events = from === replicas ? [] : [scaled(set.metadata.name, from, replicas)];
  return { kind: 'UpdateReplicaSet', target: targetOf(set), change, events };
}

const scaled = (name: string, from: number, to: number): ExperimentEvent =>
  experimentEvent(
    eventReasons.scalingReplicaSet,
    `Scaled ${to > from ? 'up' : 'down'} ReplicaSet ${name} from ${from} to ${to}`,
  );
