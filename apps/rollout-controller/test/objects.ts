import type { Action, Decision, ReplicaSetChange, RolloutSnapshot } from '@sluice/engine';
import { noCapabilities } from '@sluice/engine';
import { podTemplateHashLabel } from '@sluice/model';
import type { OwnerReference, ReplicaSet, Rollout, RolloutStatus, Service } from '@sluice/model';

export const namespace = 'shop';

export function rollout(
  name = 'web',
  fields: { spec?: Partial<Rollout['spec']>; status?: RolloutStatus } = {},
): Rollout {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace, uid: `uid-${name}`, resourceVersion: '10', generation: 1 },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'shop:1' }] } },
      strategy: { canary: {} },
      ...fields.spec,
    },
    ...(fields.status === undefined ? {} : { status: fields.status }),
  };
}

export function ownerOf(object: Rollout): OwnerReference {
  const { name, uid = '' } = object.metadata;
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name, uid, controller: true, blockOwnerDeletion: true };
}

export function replicaSet(
  name: string,
  owner: Rollout | undefined,
  labels: Record<string, string> = { app: 'web' },
): ReplicaSet {
  const hash = name.slice(name.lastIndexOf('-') + 1);
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      resourceVersion: '20',
      labels: { ...labels, [podTemplateHashLabel]: hash },
      ...(owner === undefined ? {} : { ownerReferences: [ownerOf(owner)] }),
    },
    spec: { replicas: 1, selector: { matchLabels: { ...labels, [podTemplateHashLabel]: hash } } },
  };
}

export function service(
  name: string,
  fields: { hash?: string; managedBy?: string; owner?: OwnerReference } = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      resourceVersion: '30',
      annotations:
        fields.managedBy === undefined ? {} : { 'argo-rollouts.argoproj.io/managed-by-rollouts': fields.managedBy },
      ...(fields.owner === undefined ? {} : { ownerReferences: [fields.owner] }),
    },
    spec: { selector: { app: 'web', ...(fields.hash === undefined ? {} : { [podTemplateHashLabel]: fields.hash }) } },
  };
}

export function snapshot(fields: Partial<RolloutSnapshot> = {}): RolloutSnapshot {
  return {
    now: 1_000_000,
    rollout: rollout(),
    workload: { kind: 'inline' },
    replicaSets: [],
    orphans: [],
    services: {},
    capabilities: noCapabilities,
    ...fields,
  };
}

export function decision(actions: readonly Action[], fields: Partial<Decision> = {}): Decision {
  return {
    status: { phase: 'Progressing' },
    statusUrgency: 'now',
    actions,
    events: [],
    explanation: { code: 'Progressing', detail: 'It goes on.', unblock: 'Nothing to do.' },
    ...fields,
  };
}

export function createSet(name: string): Extract<Action, { kind: 'CreateReplicaSet' }> {
  const hash = name.slice(name.lastIndexOf('-') + 1);
  const { metadata, ...rest } = replicaSet(name, rollout());
  const { uid: _uid, resourceVersion: _version, ...fresh } = metadata;
  return {
    kind: 'CreateReplicaSet',
    replicaSet: { ...rest, metadata: fresh },
    hash,
    events: [{ type: 'Normal', reason: 'NewReplicaSetCreated', message: `Created ReplicaSet ${name}` }],
  };
}

export function updateSet(name: string, change: ReplicaSetChange): Extract<Action, { kind: 'UpdateReplicaSet' }> {
  return {
    kind: 'UpdateReplicaSet',
    target: { name, uid: `uid-${name}`, resourceVersion: '20' },
    change,
    events: [{ type: 'Normal', reason: 'ScalingReplicaSet', message: `Scaled ${name}` }],
  };
}
