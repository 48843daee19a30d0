import type { Deployment, PodTemplateSpec, ReplicaSet } from '@sluice/model';
import { controllerOf, withMetadata } from './objects.ts';
import type { World } from './world.ts';

const hashLabel = 'pod-template-hash';

/**
 * A Deployment for `workloadRef`: one ReplicaSet for each template, scaled in one go. How a real one paces itself does not
 * matter to a Rollout that takes over its template.
 */
export function syncDeployment(world: World, name: string): void {
  const deployment = world.store.get('Deployment', name);
  if (deployment === undefined) return;
  const sets = world.store.list('ReplicaSet').filter((set) => controllerOf(set)?.uid === deployment.metadata.uid);
  const text = JSON.stringify(deployment.spec.template);
  const current = sets.find((set) => set.metadata.annotations?.['simulated/template'] === text);
  if (current === undefined) {
    createSet(world, deployment, sets.length + 1, text);
    return;
  }
  for (const set of sets) scale(world, set, set === current ? (deployment.spec.replicas ?? 1) : 0);
  writeStatus(world, deployment, sets);
}

function createSet(world: World, deployment: Deployment, ordinal: number, text: string): void {
  const hash = `d${ordinal}`;
  const template: PodTemplateSpec = {
    ...deployment.spec.template,
    metadata: {
      ...deployment.spec.template.metadata,
      labels: { ...deployment.spec.template.metadata?.labels, [hashLabel]: hash },
    },
  };
  world.store.create('ReplicaSet', {
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      labels: template.metadata?.labels,
      annotations: { 'simulated/template': text },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: deployment.metadata.name,
          uid: deployment.metadata.uid ?? '',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: { ...deployment.spec.selector.matchLabels, [hashLabel]: hash } },
      template,
    },
  });
}

function scale(world: World, set: ReplicaSet, replicas: number): void {
  if (set.spec.replicas === replicas) return;
  world.store.replace('ReplicaSet', set.metadata.name, {}, (current) => ({
    ...withMetadata(current, {}),
    spec: { ...current.spec, replicas },
  }));
}

function writeStatus(world: World, deployment: Deployment, sets: readonly ReplicaSet[]): void {
  const total = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0);
  const status: Deployment['status'] = {
    replicas: total('replicas'),
    readyReplicas: total('readyReplicas'),
    availableReplicas: total('availableReplicas'),
    observedGeneration: deployment.metadata.generation,
  };
  if (JSON.stringify(status) === JSON.stringify(deployment.status)) return;
  world.store.replace('Deployment', deployment.metadata.name, {}, (current) => ({ ...current, status }));
}
