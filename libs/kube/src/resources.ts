/** A kind as the API server addresses it. `group` is '' for the core group; `kind` is what goes into owner references and new objects. */
export interface ResourceRef {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

/** What every object has. Typed objects extend it; `T` on a client call is the caller's claim about what the server holds, nothing checks it. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** An object whose fields the caller looks at by name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- raw JSON: the shape belongs to the server
export type RawObject = KubeObject & { readonly [field: string]: any };

/** Where an object lives. An object's own `metadata` fits. */
export interface ObjectKey {
  readonly namespace?: string;
  readonly name?: string;
}

function define(group: string, version: string, plural: string, kind: string, namespaced = true): ResourceRef {
  return Object.freeze({ group, version, plural, kind, namespaced });
}

/** The kinds that Sluice reads or writes. Anything else: build a ResourceRef. */
export const resources = Object.freeze({
  rollouts: define('argoproj.io', 'v1alpha1', 'rollouts', 'Rollout'),
  analysisRuns: define('argoproj.io', 'v1alpha1', 'analysisruns', 'AnalysisRun'),
  analysisTemplates: define('argoproj.io', 'v1alpha1', 'analysistemplates', 'AnalysisTemplate'),
  clusterAnalysisTemplates: define(
    'argoproj.io',
    'v1alpha1',
    'clusteranalysistemplates',
    'ClusterAnalysisTemplate',
    false,
  ),
  experiments: define('argoproj.io', 'v1alpha1', 'experiments', 'Experiment'),

  replicaSets: define('apps', 'v1', 'replicasets', 'ReplicaSet'),
  deployments: define('apps', 'v1', 'deployments', 'Deployment'),
  pods: define('', 'v1', 'pods', 'Pod'),
  podTemplates: define('', 'v1', 'podtemplates', 'PodTemplate'),
  services: define('', 'v1', 'services', 'Service'),
  secrets: define('', 'v1', 'secrets', 'Secret'),
  configMaps: define('', 'v1', 'configmaps', 'ConfigMap'),
  namespaces: define('', 'v1', 'namespaces', 'Namespace', false),
  events: define('', 'v1', 'events', 'Event'),
  jobs: define('batch', 'v1', 'jobs', 'Job'),
  leases: define('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  endpointSlices: define('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
  ingresses: define('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  horizontalPodAutoscalers: define('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  podDisruptionBudgets: define('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  customResourceDefinitions: define(
    'apiextensions.k8s.io',
    'v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    false,
  ),
  selfSubjectAccessReviews: define(
    'authorization.k8s.io',
    'v1',
    'selfsubjectaccessreviews',
    'SelfSubjectAccessReview',
    false,
  ),
});

/** `v1` or `apps/v1`, as written into `apiVersion`. */
export function apiVersionOf(ref: ResourceRef): string {
  return ref.group === '' ? ref.version : `${ref.group}/${ref.version}`;
}

/** The URL path of a collection, an object or its subresource. An absent namespace means all of them. */
export function pathOf(ref: ResourceRef, key: ObjectKey = {}, subresource?: string): string {
  const parts = [ref.group === '' ? `/api/${ref.version}` : `/apis/${ref.group}/${ref.version}`];
  if (ref.namespaced && key.namespace !== undefined) parts.push('namespaces', encodeURIComponent(key.namespace));
  parts.push(ref.plural);
  if (key.name !== undefined) parts.push(encodeURIComponent(key.name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join('/');
}

/** `namespace/name`, or `name` for what has no namespace: the key of caches and of the work queue. */
export function keyOf(key: ObjectKey): string {
  return key.namespace === undefined || key.namespace === '' ? (key.name ?? '') : `${key.namespace}/${key.name ?? ''}`;
}

/** The reverse of `keyOf`. */
export function parseKey(text: string): { namespace?: string; name: string } {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** The one owner that is responsible for an object. */
export function controllerOf(object: {
  readonly metadata: { readonly ownerReferences?: readonly OwnerReference[] };
}): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}
