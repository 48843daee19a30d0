// Which version a pod is, and whose.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { Pod, Rollout, Service } from '../objects/shapes.ts';
import { podTemplateHashLabel } from '../objects/shapes.ts';

/** The tag of its first container's image: `2` of `shop:2`; `latest` without one, the beginning of a digest. */
export function versionOf({ spec }: Pod): string {
  const image = spec?.containers?.[0]?.image ?? '';
  const [name = '', digest] = image.split('@');
  const tag = name.slice(name.lastIndexOf('/') + 1).split(':')[1];
  return tag ?? digest?.slice(digest.indexOf(':') + 1).slice(0, 12) ?? 'latest';
}

/** The pod template hash that its Rollout, or else its Deployment, gave it; empty without either. */
export const hashOf = ({ metadata: { labels = {} } }: Pod): string =>
  labels[podTemplateHashLabel] ?? labels['pod-template-hash'] ?? '';

export const isReady = ({ metadata, status }: Pod): boolean =>
  !metadata.deletionTimestamp &&
  (status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false);

/** Its containers run, so its sockets answer: also while it is being asked to stop, and before it is ready. */
export const isRunning = ({ status }: Pod): boolean =>
  status?.phase === 'Running' && (status.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false);

/** `namespace/name` of the Rollout that a pod belongs to, or that sends requests to it for an experiment; undefined if it is none's. */
export function rolloutOfPod(objects: ClusterObjects, pod: Pod): string | undefined {
  const { namespace = '' } = pod.metadata;
  const owner = pod.metadata.ownerReferences?.find((o) => o.controller && o.kind === 'ReplicaSet');
  const set = owner && objects.get('replicasets', namespace, owner.name);
  const rollout = set?.metadata.ownerReferences?.find((o) => o.controller && o.kind === 'Rollout');
  const name = rollout?.name ?? experimenting(objects, namespace, hashOf(pod));
  return name === undefined ? undefined : `${namespace}/${name}`;
}

function experimenting(objects: ClusterObjects, namespace: string, hash: string): string | undefined {
  if (hash === '') return undefined;
  return objects.list('rollouts', namespace).find((rollout) => isOfExperiment(rollout, hash))?.metadata.name;
}

/** Whether the Rollout gives this version of an experiment a share of its traffic. */
export const isOfExperiment = ({ status }: Rollout, hash: string): boolean =>
  (status?.canary?.weights?.additional ?? []).some(({ podTemplateHash }) => podTemplateHash === hash);

/** The Services that a Rollout names. */
export function servicesNamedBy({ spec }: Rollout): string[] {
  const { canary, blueGreen } = spec?.strategy ?? {};
  return [
    canary?.stableService,
    canary?.canaryService,
    canary?.pingPong?.pingService,
    canary?.pingPong?.pongService,
    blueGreen?.activeService,
    blueGreen?.previewService,
  ].filter((name) => name !== undefined);
}

const names = (rollout: Rollout, service: string): boolean => servicesNamedBy(rollout).includes(service);

function selects(service: Service | undefined, { spec }: Rollout): boolean {
  const { [podTemplateHashLabel]: _version, ...application } = service?.spec?.selector ?? {};
  const wanted = Object.entries(application);
  return wanted.length > 0 && wanted.every(([key, value]) => spec?.template?.metadata?.labels?.[key] === value);
}

/** The Rollouts whose pods a Service is for: those that name it; if none does, those whose pods it selects. */
export function rolloutsOfService(objects: ClusterObjects, namespace: string, service: string): readonly Rollout[] {
  const rollouts = objects.list('rollouts', namespace);
  const naming = rollouts.filter((rollout) => names(rollout, service));
  if (naming.length > 0) return naming;
  const object = objects.get('services', namespace, service);
  return rollouts.filter((rollout) => selects(object, rollout));
}

/** Whether a Rollout is among these, without asking all the others where that can be told. */
export function isServiceOf(
  objects: ClusterObjects,
  { namespace, service }: { readonly namespace: string; readonly service: string },
  rollout: Rollout,
): boolean {
  if (rollout.metadata.namespace !== namespace) return false;
  if (names(rollout, service)) return true;
  return (
    selects(objects.get('services', namespace, service), rollout) &&
    rolloutsOfService(objects, namespace, service).includes(rollout)
  );
}
