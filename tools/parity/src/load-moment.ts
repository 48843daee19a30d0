import { pathOf, sleep } from '../kube.mjs';
import type { Kube, StoredObject } from '../kube.mjs';
import { creatable, movedTo, statusFor } from './moment.ts';
import type { Recreated, Setting } from './moment.ts';

const READY_WITHIN_MS = 60_000;

/** Kinds whose status is ours to load; that of the others is written by the cluster's own controllers. */
const OURS = new Set(['Rollout', 'AnalysisRun', 'Experiment']);

interface Named {
  readonly kind: string;
  readonly name: string;
}

/**
 * Puts a moment, as an API server stored it, into a cluster in which no controller of Rollouts runs, and answers when its pods are
 * as ready as they were. Owners get new uids and generations: references, observed generations and the like are mapped to them.
 */
export async function loadMoment(kube: Kube, moment: readonly StoredObject[], setting: Setting): Promise<void> {
  const objects = movedTo(setting, moment);
  await kube.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: setting.namespace },
  });
  const recreated: Recreated = { uids: new Map(), workloadGenerationShift: 0 };
  const workload = objects.find((object) => object.kind === 'Rollout')?.['spec']?.workloadRef as Named | undefined;
  const created: [StoredObject, StoredObject][] = [];
  for (const object of inLoadingOrder(objects)) {
    const made = await createOnce(kube, object, creatable(object, recreated), setting.namespace);
    created.push([object, made]);
    recreated.uids.set(object.metadata.uid, made.metadata.uid);
    if (object.kind === workload?.kind && object.metadata.name === workload.name)
      recreated.workloadGenerationShift = Number(made.metadata.generation) - Number(object.metadata.generation);
  }
  await Promise.all(
    objects.filter((o) => o.kind === 'ReplicaSet').map((set) => untilAsReady(kube, set, setting.namespace)),
  );
  for (const [object, made] of created.filter(([object]) => OURS.has(object.kind))) {
    const at = pathOf(object.kind, setting.namespace, object.metadata.name);
    const { metadata } = await kube.get(at);
    // Only Rollouts have a status of their own; that of the others is written with the object.
    const target = object.kind === 'Rollout' ? `${at}/status` : at;
    await kube.replace(target, { ...made, metadata, status: statusFor(object, made, recreated) });
  }
}

/**
 * ReplicaSets of the cluster's own controllers before what owns them: a Deployment adopts a set that fits, but makes one of its own
 * when it finds none. Ours the other way round: a set that refers to an owner that does not exist is garbage. Older ones first.
 */
export function inLoadingOrder(objects: readonly StoredObject[]): StoredObject[] {
  const byAge = objects.toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
  const ownedByUs = (o: StoredObject) => (o.metadata.ownerReferences ?? []).some((owner) => OURS.has(owner.kind));
  const rank = (o: StoredObject): number => {
    if (o.kind === 'Rollout') return 3;
    if (!ownedByUs(o)) return o.kind === 'ReplicaSet' ? 0 : 1;
    return o.kind === 'Experiment' || o.kind === 'AnalysisRun' ? 4 : 5;
  };
  return byAge
    .map((o, i) => [rank(o), i, o] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([, , o]) => o);
}

async function createOnce(kube: Kube, object: StoredObject, body: object, namespace: string): Promise<StoredObject> {
  try {
    return await kube.create(pathOf(object.kind, namespace), body);
  } catch (error) {
    throw new Error(`${object.kind} ${object.metadata.name} of the moment is refused: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function untilAsReady(kube: Kube, set: StoredObject, namespace: string): Promise<void> {
  const wanted = set['status'] ?? {};
  const end = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const { status = {} } = await kube.get(pathOf('ReplicaSet', namespace, set.metadata.name));
    const same = (field: string) => (status[field] ?? 0) === (wanted[field] ?? 0);
    if (same('replicas') && same('readyReplicas') && same('availableReplicas')) return;
    if (Date.now() > end)
      throw new Error(
        `ReplicaSet ${set.metadata.name} has ${status.readyReplicas ?? 0} ready pods after ${READY_WITHIN_MS / 1000} s, the moment has ${wanted.readyReplicas ?? 0}`,
      );
    await sleep(100);
  }
}
