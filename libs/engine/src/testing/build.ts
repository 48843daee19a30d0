import { podTemplateHash, stepHash } from '@sluice/model';
import type {
  CanaryStrategy,
  PodTemplateSpec,
  ReplicaSet,
  Rollout,
  RolloutSpec,
  RolloutStatus,
  Service,
} from '@sluice/model';
import { noCapabilities } from '../snapshot.ts';
import type { RolloutSnapshot } from '../snapshot.ts';

// A few words to write snapshots with, for tests. Times: `at(n)` is n seconds after the hour.

export const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 0, 1, 12, 0, seconds)).toISOString().replace('.000Z', 'Z');
export const ms = (seconds: number): number => Date.parse(at(seconds));

export const template = (image: string): PodTemplateSpec => ({
  metadata: { labels: { app: 'shop' } },
  spec: { containers: [{ name: 'shop', image }] },
});
export const hashOf = (image: string): string => podTemplateHash(template(image));

interface SetOptions {
  revision?: number;
  spec?: number;
  available?: number;
  replicas?: number;
  desired?: number;
  deadline?: string;
  createdAt?: number;
  annotations?: Record<string, string>;
}

export function replicaSet(image: string, options: SetOptions = {}): ReplicaSet {
  const hash = hashOf(image);
  const spec = options.spec ?? 0;
  const labels = { app: 'shop', 'rollouts-pod-template-hash': hash };
  const available = options.available ?? spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `shop-${hash}`,
      namespace: 'team',
      uid: `uid-${hash}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: at(options.createdAt ?? options.revision ?? 1),
      labels,
      annotations: {
        'rollout.argoproj.io/revision': String(options.revision ?? 1),
        'rollout.argoproj.io/desired-replicas': String(options.desired ?? 4),
        ...(options.deadline && { 'scale-down-deadline': options.deadline }),
        ...options.annotations,
      },
      ownerReferences: [
        { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'shop', uid: 'uid-shop', controller: true },
      ],
    },
    spec: { replicas: spec, selector: { matchLabels: labels }, template: { ...template(image), metadata: { labels } } },
    status: {
      replicas: options.replicas ?? spec,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration: 1,
    },
  };
}

export function service(name: string, image?: string, managed = true): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'team',
      uid: `uid-${name}`,
      resourceVersion: '1',
      ...(managed && { annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'shop' } }),
    },
    spec: {
      selector: { app: 'shop', ...(image && { 'rollouts-pod-template-hash': hashOf(image) }) },
      ports: [{ port: 80 }],
    },
  };
}

interface World {
  readonly image: string;
  readonly strategy: RolloutSpec['strategy'];
  readonly spec?: Partial<RolloutSpec>;
  readonly status?: RolloutStatus;
  readonly sets?: readonly ReplicaSet[];
  readonly services?: readonly Service[];
  readonly now?: number;
  readonly revision?: number;
  readonly rest?: Partial<RolloutSnapshot>;
}

export function snapshot({
  image,
  strategy,
  spec,
  status,
  sets = [],
  services = [],
  now = 100,
  revision,
  rest,
}: World): RolloutSnapshot {
  const rollout: Rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: {
      name: 'shop',
      namespace: 'team',
      uid: 'uid-shop',
      resourceVersion: '7',
      generation: 2,
      ...(revision !== undefined && { annotations: { 'rollout.argoproj.io/revision': String(revision) } }),
    },
    spec: { replicas: 4, selector: { matchLabels: { app: 'shop' } }, template: template(image), strategy, ...spec },
    ...(status && { status }),
  };
  return {
    now: ms(now),
    rollout,
    workload: { kind: 'inline' },
    replicaSets: sets,
    orphans: [],
    services: Object.fromEntries(services.map((each) => [each.metadata.name, each])),
    capabilities: noCapabilities,
    ...rest,
  };
}

/** The status of a rollout that has nothing to do: `image` is stable. */
export function stableStatus(image: string, canary?: CanaryStrategy, extra: RolloutStatus = {}): RolloutStatus {
  const steps = canary?.steps ?? [];
  return {
    observedGeneration: '1',
    currentPodHash: hashOf(image),
    stableRS: hashOf(image),
    ...(canary && { currentStepHash: stepHash(steps) }),
    ...(steps.length > 0 && { currentStepIndex: steps.length }),
    phase: 'Healthy',
    blueGreen: {},
    canary: {},
    conditions: [
      {
        type: 'Completed',
        status: 'True',
        reason: 'RolloutCompleted',
        message: 'RolloutCompleted',
        lastUpdateTime: at(10),
        lastTransitionTime: at(10),
      },
      {
        type: 'Healthy',
        status: 'True',
        reason: 'RolloutHealthy',
        message: 'Rollout is healthy',
        lastUpdateTime: at(10),
        lastTransitionTime: at(10),
      },
      {
        type: 'Progressing',
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: 'done',
        lastUpdateTime: at(10),
        lastTransitionTime: at(10),
      },
    ],
    duration: { rolloutStartedAt: at(5), finishedAt: at(10), completionStatus: 'Promoted' },
    ...extra,
  };
}
