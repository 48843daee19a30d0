import type { Pod, ReplicaSet } from '@sluice/model';
import { isDeleting, timeText, withMetadata } from './objects.ts';
import type { PodLife, World } from './world.ts';

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

export function lifeOf(world: World, pod: Pod): PodLife {
  return world.lives.get(pod.metadata.name) ?? { readyAt: undefined, readySince: undefined, goneAt: undefined };
}

/** A new pod of this set, on a node and starting. */
export function startPod(world: World, name: string, set: ReplicaSet): void {
  const pod = podFor(set, name);
  world.lives.set(name, { readyAt: readyAtOf(world, pod), readySince: undefined, goneAt: undefined });
  world.store.create('Pod', { ...pod, status: { phase: 'Pending', conditions: [{ type: 'Ready', status: 'False' }] } });
}

/** A pod that is there already and has been ready since then. */
export function runningPod(world: World, name: string, set: ReplicaSet, since: number): void {
  world.lives.set(name, { readyAt: since, readySince: since, goneAt: undefined });
  const status: Pod['status'] = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timeText(since) }],
  };
  const created = world.store.create('Pod', { ...podFor(set, name), status });
  if (created.ok) world.store.restore('Pod', withMetadata(created.object, { creationTimestamp: timeText(since) }));
}

function podFor(set: ReplicaSet, name: string): Pod {
  const template = set.spec.template ?? {};
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set.metadata.name, uid: set.metadata.uid ?? '' };
  return {
    kind: 'Pod',
    metadata: {
      name,
      labels: { ...template.metadata?.labels },
      ...(template.metadata?.annotations ? { annotations: { ...template.metadata.annotations } } : {}),
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: template.spec,
  };
}

function readyAtOf(world: World, pod: Pod): number | undefined {
  let startMs: number = world.pods.startMs;
  for (const { image = '' } of pod.spec?.containers ?? []) {
    const behaviour = world.images.get(image) ?? (image.includes('does-not-exist') ? 'never' : undefined);
    if (behaviour === 'never') return undefined;
    startMs = Math.max(startMs, behaviour ?? 0);
  }
  return world.store.now + startMs;
}

/** From now on pods of this image start in that time, those that wait for it too. */
export function setImageBehaviour(world: World, image: string, behaviour: number | 'never'): void {
  world.images.set(image, behaviour);
  for (const pod of world.store.list('Pod')) {
    const life = world.lives.get(pod.metadata.name);
    if (life && !isReady(pod) && pod.spec?.containers.some((container) => container.image === image))
      life.readyAt = readyAtOf(world, pod);
  }
}

/** Asks the pod to go; it takes `pods.terminationMs`. */
export function deletePod(world: World, pod: Pod): void {
  if (isDeleting(pod)) return;
  const life = world.lives.get(pod.metadata.name);
  if (life) life.goneAt = world.store.now + world.pods.terminationMs;
  world.store.replace('Pod', pod.metadata.name, {}, (current) =>
    withMetadata(current, { deletionTimestamp: timeText(world.store.now) }),
  );
  if (world.pods.terminationMs === 0) dropPod(world, pod.metadata.name);
}

/** A container that fails its readiness probe: ready again after as long as a start takes. */
export function unreadyPod(world: World, pod: Pod): void {
  const life = world.lives.get(pod.metadata.name);
  if (!life || !isReady(pod)) return;
  life.readySince = undefined;
  life.readyAt = readyAtOf(world, pod);
  setReady(world, pod.metadata.name, false);
}

/** Lets happen what is due by now: pods become ready, pods are gone. */
export function runKubelet(world: World): void {
  const { now } = world.store;
  for (const [name, life] of world.lives) {
    if (life.goneAt !== undefined && life.goneAt <= now) dropPod(world, name);
    else if (
      life.goneAt === undefined &&
      life.readySince === undefined &&
      life.readyAt !== undefined &&
      life.readyAt <= now
    ) {
      life.readySince = now;
      setReady(world, name, true);
    }
  }
}

/** When the next pod becomes ready or is gone. */
export function nextPodMoment(world: World): number | undefined {
  let next: number | undefined;
  for (const { readyAt, readySince, goneAt } of world.lives.values()) {
    const at = goneAt ?? (readySince === undefined ? readyAt : undefined);
    if (at !== undefined && (next === undefined || at < next)) next = at;
  }
  return next;
}

function dropPod(world: World, name: string): void {
  world.lives.delete(name);
  world.store.remove('Pod', name);
}

function setReady(world: World, name: string, ready: boolean): void {
  const status: Pod['status'] = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: timeText(world.store.now) }],
  };
  world.store.replace('Pod', name, {}, (pod) => ({ ...pod, status }));
}
