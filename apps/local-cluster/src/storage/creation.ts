// What the server itself adds to an object when it is made, whoever makes it: identity, and the first status of the kinds that have one.
import { withGeneratedSelector } from '../builtin/job-selector.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { newMetadata } from './metadata.ts';
import type { KubeObject } from './store.ts';
import type { Json } from './values.ts';

/** The quality of service that the resources of a pod's containers amount to. */
export function qosClass(spec: Json): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers: Json[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const set = (c: Json, kind: 'requests' | 'limits', name: 'cpu' | 'memory'): unknown => c.resources?.[kind]?.[name];
  const names = ['cpu', 'memory'] as const;
  if (
    !containers.some((c) => names.some((n) => set(c, 'requests', n) !== undefined || set(c, 'limits', n) !== undefined))
  )
    return 'BestEffort';
  const guaranteed = containers.every((c) =>
    names.every(
      (n) =>
        set(c, 'limits', n) !== undefined && (set(c, 'requests', n) ?? set(c, 'limits', n)) === set(c, 'limits', n),
    ),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function firstStatus(info: ResourceInfo, object: KubeObject): unknown {
  if (info.group !== '') return undefined;
  switch (info.resource) {
    case 'pods':
      return { phase: 'Pending', qosClass: qosClass(object.spec) };
    case 'namespaces':
      return { phase: 'Active' };
    case 'services':
      return { loadBalancer: {} };
    default:
      return undefined;
  }
}

/** `given` as it is first stored. A status that the caller sent is dropped where status is a subresource. */
export function created(info: ResourceInfo, given: KubeObject, name: string, nowMs: number): KubeObject {
  const { apiVersion: _, kind: __, metadata: givenMetadata, status: givenStatus, ...content } = given;
  const status = info.status ? firstStatus(info, given) : givenStatus;
  const metadata = newMetadata(givenMetadata, info, name, nowMs);
  const object: KubeObject = {
    apiVersion: info.group ? `${info.group}/${info.storageVersion}` : info.storageVersion,
    kind: info.kind,
    metadata,
    ...content,
    ...(status === undefined ? {} : { status }),
  };
  if (info.group === '' && info.resource === 'namespaces') {
    metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': name };
    object.spec = { ...object.spec, finalizers: ['kubernetes'] };
  }
  return info.group === 'batch' && info.resource === 'jobs' ? withGeneratedSelector(object) : object;
}
