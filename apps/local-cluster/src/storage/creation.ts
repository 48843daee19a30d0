// What the server itself adds to an object when it is made, whoever makes it: identity, and the first status of the kinds that have one.
import { withGeneratedSelector } from '../builtin/job-selector.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { storageKey } from '../registry/resource.ts';
import { newMetadata } from './metadata.ts';
import { defaultPod } from '../builtin/pod-defaults.ts';
import type { KubeObject } from './store.ts';
import type { Json } from './values.ts';
import { copy } from './values.ts';

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

/** What Go's zero status looks like in JSON: fields that are always written. Controllers fill in the rest. */
const zeroStatus: Record<string, unknown> = {
  '/namespaces': { phase: 'Active' },
  '/nodes': {},
  '/services': { loadBalancer: {} },
  'apps/daemonsets': { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  'apps/deployments': {},
  'apps/replicasets': { replicas: 0 },
  'apps/statefulsets': { availableReplicas: 0, replicas: 0 },
  'autoscaling/horizontalpodautoscalers': { currentMetrics: null, desiredReplicas: 0 },
  'batch/jobs': {},
  'networking.k8s.io/ingresses': { loadBalancer: {} },
  'policy/poddisruptionbudgets': { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
};

function firstStatus(info: ResourceInfo, object: KubeObject): unknown {
  if (info.group === '' && info.resource === 'pods') return { phase: 'Pending', qosClass: qosClass(object.spec) };
  return zeroStatus[storageKey(info)];
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
  if (info.group === '' && info.resource === 'pods') {
    // Also the pods that controllers make of a template: a pod has more defaults than its template.
    object.spec = copy(content.spec ?? {});
    defaultPod(object);
  }
  if (info.group === '' && info.resource === 'namespaces') {
    metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': name };
    object.spec = { ...object.spec, finalizers: ['kubernetes'] };
  }
  return info.group === 'batch' && info.resource === 'jobs' ? withGeneratedSelector(object) : object;
}
