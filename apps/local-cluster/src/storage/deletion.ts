// What a delete call makes of an object: nothing yet (grace period, finalizers, a namespace with content) or its end.
import type { ResourceInfo } from '../registry/resource.ts';
import { timestamp } from './metadata.ts';
import { conflict } from './status-error.ts';
import type { KubeObject, RemoveOptions } from './store.ts';

const POLICY_FINALIZERS = { Foreground: 'foregroundDeletion', Orphan: 'orphan' } as const;

/** Of a delete. Its texts name the kind where others name the resource, as in Kubernetes. */
export function checkPreconditions(
  info: ResourceInfo,
  object: KubeObject,
  preconditions: RemoveOptions['preconditions'],
): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const { name, uid: actual, resourceVersion: version } = object.metadata;
  const named = { group: info.group, resource: info.kind };
  if (uid !== undefined && uid !== actual)
    throw conflict(
      named,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${actual}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== version)
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`,
    );
}

/** Seconds that the object may take to stop: only pods that run somewhere get any. */
function gracePeriod(info: ResourceInfo, object: KubeObject, asked: number | undefined): number {
  if (info.group !== '' || info.resource !== 'pods') return 0;
  const phase = object.status?.phase as string | undefined;
  if (!object.spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  const seconds = asked ?? (object.spec?.terminationGracePeriodSeconds as number | undefined) ?? 30;
  return Math.max(0, seconds);
}

function finalizersFor(object: KubeObject, policy: RemoveOptions['propagationPolicy']): string[] {
  const present = object.metadata.finalizers ?? [];
  if (!policy) return present;
  const others = present.filter((f) => f !== POLICY_FINALIZERS.Foreground && f !== POLICY_FINALIZERS.Orphan);
  return policy === 'Background' ? others : [...others, POLICY_FINALIZERS[policy]];
}

/** A namespace ends when the namespace lifecycle has emptied it and taken `kubernetes` out of `spec.finalizers`. */
const hasContentGuard = (info: ResourceInfo, object: KubeObject): boolean =>
  info.group === '' && info.resource === 'namespaces' && (object.spec?.finalizers?.length ?? 0) > 0;

/** Whether an object that is being deleted has nothing left to wait for. */
export const mayGo = (info: ResourceInfo, object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  !(object.metadata.finalizers?.length ?? 0) &&
  !(object.metadata.deletionGracePeriodSeconds ?? 0) &&
  !hasContentGuard(info, object);

/** The object as it is while it waits for its end; `mayGo` says whether it need not wait. */
export function markedForDeletion(
  info: ResourceInfo,
  object: KubeObject,
  options: RemoveOptions,
  nowMs: number,
): KubeObject {
  const grace = gracePeriod(info, object, options.gracePeriodSeconds);
  const finalizers = finalizersFor(object, options.propagationPolicy);
  const metadata = { ...object.metadata };
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const first = metadata.deletionTimestamp === undefined;
  // A later call may shorten the grace period, never lengthen it.
  if (first || grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    metadata.deletionTimestamp = timestamp(nowMs + grace * 1000);
    metadata.deletionGracePeriodSeconds = grace;
  }
  if (first && metadata.generation) metadata.generation++;
  const marked: KubeObject = { ...object, metadata };
  if (first && hasContentGuard(info, object)) marked.status = { ...(object.status ?? {}), phase: 'Terminating' };
  return marked;
}
