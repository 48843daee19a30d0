// The kinds that are built in, as data. To add one, add a row; columns for `kubectl get` are in src/api/columns.ts.
import type { GenerationRule, ResourceInfo, ScalePaths } from './resource.ts';

interface Row {
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly cluster?: true;
  readonly status?: true;
  readonly generation?: GenerationRule;
  readonly scale?: ScalePaths;
  readonly review?: true;
  readonly singular?: string;
}

const replicas: ScalePaths = {
  specReplicas: '.spec.replicas',
  statusReplicas: '.status.replicas',
  labelSelector: '.spec.selector',
};

function row(group: string, version: string, resource: string, kind: string, r: Row = {}): ResourceInfo {
  return {
    group,
    versions: [version],
    storageVersion: version,
    resource,
    singular: r.singular ?? kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    namespaced: !r.cluster,
    shortNames: r.short ?? [],
    categories: r.categories ?? [],
    status: r.status ?? false,
    ...(r.scale ? { scale: r.scale } : {}),
    generation: r.generation ?? 'none',
    ...(r.review ? { review: true } : {}),
  };
}

const all = ['all'];

export const builtinResources: readonly ResourceInfo[] = [
  row('', 'v1', 'namespaces', 'Namespace', { cluster: true, short: ['ns'], status: true }),
  row('', 'v1', 'nodes', 'Node', { cluster: true, short: ['no'], status: true }),
  row('', 'v1', 'pods', 'Pod', { short: ['po'], categories: all, status: true, generation: 'spec' }),
  row('', 'v1', 'podtemplates', 'PodTemplate', { generation: 'all' }),
  row('', 'v1', 'services', 'Service', { short: ['svc'], categories: all, status: true }),
  row('', 'v1', 'endpoints', 'Endpoints', { short: ['ep'], singular: 'endpoints' }),
  row('', 'v1', 'secrets', 'Secret'),
  row('', 'v1', 'configmaps', 'ConfigMap', { short: ['cm'] }),
  row('', 'v1', 'serviceaccounts', 'ServiceAccount', { short: ['sa'] }),
  row('', 'v1', 'events', 'Event', { short: ['ev'] }),
  row('', 'v1', 'limitranges', 'LimitRange', { short: ['limits'] }),
  row('', 'v1', 'resourcequotas', 'ResourceQuota', { short: ['quota'], status: true }),
  row('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', { short: ['pvc'], status: true }),
  row('apps', 'v1', 'deployments', 'Deployment', {
    short: ['deploy'],
    categories: all,
    status: true,
    generation: 'spec',
    scale: replicas,
  }),
  row('apps', 'v1', 'replicasets', 'ReplicaSet', {
    short: ['rs'],
    categories: all,
    status: true,
    generation: 'spec',
    scale: replicas,
  }),
  row('apps', 'v1', 'statefulsets', 'StatefulSet', {
    short: ['sts'],
    categories: all,
    status: true,
    generation: 'spec',
    scale: replicas,
  }),
  row('apps', 'v1', 'daemonsets', 'DaemonSet', { short: ['ds'], categories: all, status: true, generation: 'spec' }),
  row('batch', 'v1', 'jobs', 'Job', { categories: all, status: true, generation: 'spec' }),
  row('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', { generation: 'all' }),
  row('networking.k8s.io', 'v1', 'ingresses', 'Ingress', { short: ['ing'], status: true, generation: 'spec' }),
  row('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass', { cluster: true, generation: 'spec' }),
  row('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', { short: ['netpol'], generation: 'spec' }),
  row('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    short: ['hpa'],
    categories: all,
    status: true,
  }),
  row('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
    short: ['pdb'],
    status: true,
    generation: 'spec',
  }),
  row('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  row('rbac.authorization.k8s.io', 'v1', 'roles', 'Role'),
  row('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding'),
  row('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', { cluster: true }),
  row('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', { cluster: true }),
  row('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', {
    cluster: true,
    short: ['crd', 'crds'],
    categories: ['api-extensions'],
    status: true,
    generation: 'spec',
  }),
  row('authorization.k8s.io', 'v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', {
    cluster: true,
    review: true,
  }),
  row('authorization.k8s.io', 'v1', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview', {
    cluster: true,
    review: true,
  }),
  row('authorization.k8s.io', 'v1', 'subjectaccessreviews', 'SubjectAccessReview', { cluster: true, review: true }),
  row('authorization.k8s.io', 'v1', 'localsubjectaccessreviews', 'LocalSubjectAccessReview', { review: true }),
  row('authentication.k8s.io', 'v1', 'selfsubjectreviews', 'SelfSubjectReview', { cluster: true, review: true }),
  row('authentication.k8s.io', 'v1', 'tokenreviews', 'TokenReview', { cluster: true, review: true }),
];
