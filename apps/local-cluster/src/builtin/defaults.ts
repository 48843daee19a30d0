// Defaults of the built-in kinds, applied when an object is written through the API.
import { Buffer } from 'node:buffer';
import type { KubeObject } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import { defaultPod, defaultPodSpec, fill } from './pod-defaults.ts';

type Obj = Record<string, Json>;

/** What a default may depend on besides the object itself. */
export interface DefaultsContext {
  /** A cluster IP that no Service has. */
  allocateClusterIp(): string;
  /** A port from 30000 on that no Service has. */
  allocateNodePort(): number;
}

type Defaulter = (object: Obj, context: DefaultsContext) => void;

function template(t: Obj): void {
  fill(t, 'metadata', {});
  t.spec ??= {};
  defaultPodSpec(t.spec);
}

function rollingUpdate(strategy: Obj, values: Obj): void {
  fill(strategy, 'type', 'RollingUpdate');
  if (strategy.type !== 'RollingUpdate') return;
  fill(strategy, 'rollingUpdate', {});
  for (const [k, v] of Object.entries(values)) fill(strategy.rollingUpdate, k, v);
}

const workload: Defaulter = (o) => {
  o.spec ??= {};
  if (o.spec.template) template(o.spec.template);
};

const deployment: Defaulter = (o, c) => {
  workload(o, c);
  fill(o.spec, 'replicas', 1);
  fill(o.spec, 'revisionHistoryLimit', 10);
  fill(o.spec, 'progressDeadlineSeconds', 600);
  fill(o.spec, 'strategy', {});
  rollingUpdate(o.spec.strategy, { maxSurge: '25%', maxUnavailable: '25%' });
};

const statefulSet: Defaulter = (o, c) => {
  workload(o, c);
  fill(o.spec, 'replicas', 1);
  fill(o.spec, 'revisionHistoryLimit', 10);
  fill(o.spec, 'podManagementPolicy', 'OrderedReady');
  fill(o.spec, 'updateStrategy', {});
  rollingUpdate(o.spec.updateStrategy, { partition: 0 });
};

const daemonSet: Defaulter = (o, c) => {
  workload(o, c);
  fill(o.spec, 'revisionHistoryLimit', 10);
  fill(o.spec, 'updateStrategy', {});
  rollingUpdate(o.spec.updateStrategy, { maxSurge: 0, maxUnavailable: 1 });
};

const job: Defaulter = (o, c) => {
  workload(o, c);
  // Both unset means one pod, once.
  if (o.spec.completions === undefined && o.spec.parallelism === undefined) o.spec.completions = 1;
  fill(o.spec, 'parallelism', 1);
  fill(o.spec, 'backoffLimit', 6);
  fill(o.spec, 'completionMode', 'NonIndexed');
  fill(o.spec, 'suspend', false);
  fill(o.spec, 'manualSelector', false);
  fill(o.spec, 'podReplacementPolicy', o.spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed');
  if (o.metadata.labels === undefined && o.spec.template?.metadata?.labels)
    o.metadata.labels = { ...o.spec.template.metadata.labels };
};

const service: Defaulter = (o, c) => {
  const spec: Obj = (o.spec ??= {});
  fill(spec, 'type', 'ClusterIP');
  fill(spec, 'sessionAffinity', 'None');
  for (const port of spec.ports ?? []) {
    fill(port, 'protocol', 'TCP');
    fill(port, 'targetPort', port.port);
  }
  if (spec.type === 'ExternalName') return;
  fill(spec, 'internalTrafficPolicy', 'Cluster');
  fill(spec, 'ipFamilies', ['IPv4']);
  fill(spec, 'ipFamilyPolicy', 'SingleStack');
  fill(spec, 'clusterIP', spec.clusterIPs?.[0] ?? c.allocateClusterIp());
  fill(spec, 'clusterIPs', [spec.clusterIP]);
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') {
    fill(spec, 'externalTrafficPolicy', 'Cluster');
    for (const port of spec.ports ?? []) if (!port.nodePort) port.nodePort = c.allocateNodePort();
  }
  if (spec.type === 'LoadBalancer') fill(spec, 'allocateLoadBalancerNodePorts', true);
};

const secret: Defaulter = (o) => {
  fill(o, 'type', 'Opaque');
  if (!o.stringData) return;
  o.data = { ...o.data };
  for (const [k, v] of Object.entries(o.stringData)) o.data[k] = Buffer.from(String(v)).toString('base64');
  delete o.stringData;
};

const autoscaler: Defaulter = (o) => {
  fill(o.spec, 'minReplicas', 1);
  fill(o.spec, 'metrics', [
    { resource: { name: 'cpu', target: { averageUtilization: 80, type: 'Utilization' } }, type: 'Resource' },
  ]);
};

const event: Defaulter = (o) => {
  fill(o, 'reportingComponent', '');
  fill(o, 'reportingInstance', '');
  fill(o, 'source', {});
};

const roleRef: Defaulter = (o) => {
  if (o.roleRef) fill(o.roleRef, 'apiGroup', 'rbac.authorization.k8s.io');
  for (const s of o.subjects ?? []) if (s.kind !== 'ServiceAccount') fill(s, 'apiGroup', 'rbac.authorization.k8s.io');
};

const crd: Defaulter = (o) => {
  const names: Obj = o.spec?.names ?? {};
  if (names.kind) {
    fill(names, 'singular', String(names.kind).toLowerCase());
    fill(names, 'listKind', `${names.kind}List`);
  }
  if (o.spec) fill(o.spec, 'conversion', { strategy: 'None' });
};

const defaulters: Record<string, Defaulter> = {
  '/Pod': defaultPod,
  '/PodTemplate': (o) => template((o.template ??= {})),
  'apps/Deployment': deployment,
  'apps/ReplicaSet': (o, c) => {
    workload(o, c);
    fill(o.spec, 'replicas', 1);
  },
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'batch/Job': job,
  '/Service': service,
  '/Secret': secret,
  '/Event': event,
  'autoscaling/HorizontalPodAutoscaler': autoscaler,
  'networking.k8s.io/NetworkPolicy': (o) =>
    fill(o.spec, 'policyTypes', o.spec.egress ? ['Ingress', 'Egress'] : ['Ingress']),
  'rbac.authorization.k8s.io/RoleBinding': roleRef,
  'rbac.authorization.k8s.io/ClusterRoleBinding': roleRef,
  'apiextensions.k8s.io/CustomResourceDefinition': crd,
};

/** Fills `object` in place. */
export function applyDefaults(group: string, kind: string, object: KubeObject, context: DefaultsContext): void {
  defaulters[`${group}/${kind}`]?.(object, context);
}

/**
 * What an update keeps although the caller left it out: what the server allocated. A client that replaces a Service by its manifest would
 * otherwise lose the Service's address.
 */
export function keepAllocated(group: string, kind: string, current: KubeObject, next: KubeObject): void {
  if (group === '' && kind === 'Service' && next.spec?.type !== 'ExternalName') {
    const moved = next.spec?.clusterIP && next.spec.clusterIP !== current.spec?.clusterIP;
    // The first of the addresses is the address.
    if (moved) next.spec.clusterIPs = [next.spec.clusterIP];
    for (const port of next.spec?.ports ?? []) {
      const before = (current.spec?.ports ?? []).find(
        (p: Obj) => p.port === port.port && p.protocol === (port.protocol ?? 'TCP'),
      );
      if (before?.nodePort && next.spec.type !== 'ClusterIP') fill(port, 'nodePort', before.nodePort);
    }
    for (const key of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
      if (next.spec && !next.spec[key]?.length && current.spec?.[key]) next.spec[key] = current.spec[key];
  }
  if (group === 'batch' && kind === 'Job' && next.spec && next.spec.selector === undefined)
    next.spec.selector = current.spec?.selector;
  if (group === '' && kind === 'Namespace') next.spec = { ...next.spec, finalizers: current.spec?.finalizers };
}
