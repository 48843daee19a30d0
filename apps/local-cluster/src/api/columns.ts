// What `kubectl get` shows of the built-in kinds: for each column its name, whether it needs `-o wide`, and how it is computed.
import type { Json } from '../storage/values.ts';
import { age, humanDuration } from './duration-text.ts';
import { podCells } from './pod-cells.ts';
import { selectorText } from './selectors.ts';

type Obj = Record<string, Json>;

export interface BuiltinColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly wide: boolean;
  cell(object: Obj, nowMs: number): Json;
}

const column = (name: string, cell: BuiltinColumn['cell'], type: BuiltinColumn['type'] = 'string'): BuiltinColumn => ({
  name,
  type,
  wide: false,
  cell,
});
const wide = (name: string, cell: BuiltinColumn['cell']): BuiltinColumn => ({ name, type: 'string', wide: true, cell });
const count = (name: string, cell: BuiltinColumn['cell']): BuiltinColumn =>
  column(name, (o, now) => cell(o, now) ?? 0, 'integer');

const ageColumn = column('Age', (o, now) => age(o.metadata.creationTimestamp, now));
const created = column('Created At', (o) => o.metadata.creationTimestamp, 'date');

const containersOf = (template: Obj | undefined): Obj[] => template?.spec?.containers ?? [];
const containerColumns = (template: (o: Obj) => Obj | undefined, make: typeof column = wide): BuiltinColumn[] => [
  make('Containers', (o) =>
    containersOf(template(o))
      .map((c) => c.name)
      .join(','),
  ),
  make('Images', (o) =>
    containersOf(template(o))
      .map((c) => c.image)
      .join(','),
  ),
];
const specTemplate = (o: Obj): Obj | undefined => o.spec?.template;
const selector = wide('Selector', (o) => (o.spec?.selector ? selectorText(o.spec.selector) : '<none>'));

const mapText = (map: Obj | undefined): string => {
  const entries = Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([k, v]) => `${k}=${v}`).join(',');
};

/** The first three of many, and how many more. */
const some = (items: string[], limit = 3): string => {
  if (items.length === 0) return '<none>';
  return items.length > limit
    ? `${items.slice(0, limit).join(',')} + ${items.length - limit} more...`
    : items.join(',');
};

const servicePort = (p: Obj): string => `${p.port}${p.nodePort ? `:${p.nodePort}` : ''}/${p.protocol}`;
const ingressAddress = (o: Obj): string =>
  (o.status?.loadBalancer?.ingress ?? []).map((i: Obj) => i.ip ?? i.hostname).join(',');

function externalIp(o: Obj): string {
  if (o.spec?.type === 'ExternalName') return o.spec.externalName;
  const ips: string[] = (o.status?.loadBalancer?.ingress ?? []).map((i: Obj) => i.ip ?? i.hostname);
  if (o.spec?.type === 'LoadBalancer') return ips.length > 0 ? ips.join(',') : '<pending>';
  return (o.spec?.externalIPs ?? []).join(',') || '<none>';
}

function endpointsText(o: Obj): string {
  const addresses = (o.subsets ?? []).flatMap((s: Obj) => {
    const ports: Obj[] = s.ports?.length ? s.ports : [{}];
    return ports.flatMap((p) => (s.addresses ?? []).map((a: Obj) => (p.port ? `${a.ip}:${p.port}` : a.ip)));
  });
  return some(addresses);
}

function jobDuration(o: Obj, nowMs: number): string {
  const start = o.status?.startTime;
  if (!start) return '';
  const end = o.status?.completionTime ? Date.parse(o.status.completionTime) : nowMs;
  return humanDuration(end - Date.parse(start));
}

function jobStatus(o: Obj): string {
  const has = (type: string): boolean =>
    (o.status?.conditions ?? []).some((c: Obj) => c.type === type && c.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (o.metadata.deletionTimestamp) return 'Terminating';
  if (has('Suspended')) return 'Suspended';
  if (has('FailureTarget')) return 'FailureTarget';
  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function metricText(spec: Obj, current: Obj | undefined): string {
  const kind = String(spec.type ?? '');
  const body: Obj = spec[kind.charAt(0).toLowerCase() + kind.slice(1)] ?? {};
  const now: Obj = current?.[kind.charAt(0).toLowerCase() + kind.slice(1)]?.current ?? {};
  const label = body.name ? `${body.name}: ` : '';
  if (body.target?.averageUtilization !== undefined)
    return `${label}${now.averageUtilization ?? '<unknown>'}${now.averageUtilization === undefined ? '' : '%'}/${body.target.averageUtilization}%`;
  return `${label}${now.averageValue ?? now.value ?? '<unknown>'}/${body.target?.averageValue ?? body.target?.value ?? '<unknown>'}`;
}

const eventTime = (o: Obj): string | undefined =>
  o.series?.lastObservedTime ?? o.lastTimestamp ?? o.eventTime ?? o.firstTimestamp;

const nodeReady = (o: Obj): string => {
  const ready = (o.status?.conditions ?? []).find((c: Obj) => c.type === 'Ready');
  const state = !ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return o.spec?.unschedulable ? `${state},SchedulingDisabled` : state;
};
const nodeAddress =
  (type: string) =>
  (o: Obj): string =>
    (o.status?.addresses ?? []).find((a: Obj) => a.type === type)?.address ?? '<none>';
const nodeInfo =
  (key: string, otherwise = '<unknown>') =>
  (o: Obj): string =>
    o.status?.nodeInfo?.[key] || otherwise;
const nodeRoles = (o: Obj): string =>
  Object.keys(o.metadata.labels ?? {})
    .filter((k) => k.startsWith('node-role.kubernetes.io/'))
    .map((k) => k.slice('node-role.kubernetes.io/'.length))
    .join(',') || '<none>';

const workloadReady = column('Ready', (o) => `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`);
const subjects = (kind: string): BuiltinColumn =>
  wide(kind === 'ServiceAccount' ? 'ServiceAccounts' : `${kind}s`, (o) =>
    (o.subjects ?? [])
      .filter((s: Obj) => s.kind === kind)
      .map((s: Obj) => (s.namespace ? `${s.namespace}/${s.name}` : s.name))
      .join(', '),
  );
const bindingColumns = [
  column('Role', (o) => `${o.roleRef?.kind}/${o.roleRef?.name}`),
  ageColumn,
  subjects('User'),
  subjects('Group'),
  subjects('ServiceAccount'),
];

const builtinColumns: Record<string, readonly BuiltinColumn[]> = {
  '/pods': [
    ...podCells.map((c) => ({ ...c, wide: false })),
    ageColumn,
    wide('IP', (o) => o.status?.podIP ?? '<none>'),
    wide('Node', (o) => o.spec?.nodeName ?? '<none>'),
    wide('Nominated Node', (o) => o.status?.nominatedNodeName ?? '<none>'),
    wide('Readiness Gates', (o) => {
      const gates: Obj[] = o.spec?.readinessGates ?? [];
      const open = gates.filter((g) =>
        (o.status?.conditions ?? []).some((c: Obj) => c.type === g.conditionType && c.status === 'True'),
      );
      return gates.length === 0 ? '<none>' : `${open.length}/${gates.length}`;
    }),
  ],
  '/podtemplates': [
    ...containerColumns((o) => o.template, column),
    column('Pod Labels', (o) => mapText(o.template?.metadata?.labels)),
  ],
  '/services': [
    column('Type', (o) => o.spec?.type),
    column('Cluster-IP', (o) => o.spec?.clusterIP ?? '<none>'),
    column('External-IP', externalIp),
    column('Port(s)', (o) => (o.spec?.ports ?? []).map(servicePort).join(',') || '<none>'),
    ageColumn,
    wide('Selector', (o) => mapText(o.spec?.selector)),
  ],
  '/endpoints': [column('Endpoints', endpointsText), ageColumn],
  '/namespaces': [column('Status', (o) => o.status?.phase ?? ''), ageColumn],
  '/nodes': [
    column('Status', nodeReady),
    column('Roles', nodeRoles),
    ageColumn,
    column('Version', nodeInfo('kubeletVersion', '')),
    wide('Internal-IP', nodeAddress('InternalIP')),
    wide('External-IP', nodeAddress('ExternalIP')),
    wide('OS-Image', nodeInfo('osImage')),
    wide('Kernel-Version', nodeInfo('kernelVersion')),
    wide('Container-Runtime', nodeInfo('containerRuntimeVersion')),
  ],
  '/secrets': [column('Type', (o) => o.type ?? ''), column('Data', (o) => Object.keys(o.data ?? {}).length), ageColumn],
  '/configmaps': [column('Data', (o) => Object.keys({ ...o.data, ...o.binaryData }).length), ageColumn],
  '/serviceaccounts': [column('Secrets', (o) => o.secrets?.length ?? 0), ageColumn],
  '/events': [
    column('Last Seen', (o, now) => age(eventTime(o), now)),
    column('Type', (o) => o.type ?? ''),
    column('Reason', (o) => o.reason ?? ''),
    column('Object', (o) => `${String(o.involvedObject?.kind ?? '').toLowerCase()}/${o.involvedObject?.name ?? ''}`),
    wide('Subobject', (o) => o.involvedObject?.fieldPath ?? ''),
    wide('Source', (o) => [o.source?.component ?? o.reportingComponent, o.source?.host].filter(Boolean).join(', ')),
    column('Message', (o) => String(o.message ?? '').trim()),
    wide('First Seen', (o, now) => age(o.firstTimestamp ?? o.eventTime, now)),
    wide('Count', (o) => o.series?.count ?? o.count ?? 1),
    wide('Name', (o) => o.metadata.name),
  ],
  '/persistentvolumeclaims': [
    column('Status', (o) => o.status?.phase ?? ''),
    column('Volume', (o) => o.spec?.volumeName ?? ''),
    ageColumn,
  ],
  '/resourcequotas': [ageColumn],
  '/limitranges': [created],
  'apps/deployments': [
    workloadReady,
    column('Up-to-date', (o) => o.status?.updatedReplicas ?? 0),
    column('Available', (o) => o.status?.availableReplicas ?? 0),
    ageColumn,
    ...containerColumns(specTemplate),
    selector,
  ],
  'apps/replicasets': [
    count('Desired', (o) => o.spec?.replicas),
    count('Current', (o) => o.status?.replicas),
    count('Ready', (o) => o.status?.readyReplicas),
    ageColumn,
    ...containerColumns(specTemplate),
    selector,
  ],
  'apps/statefulsets': [workloadReady, ageColumn, ...containerColumns(specTemplate)],
  'apps/daemonsets': [
    count('Desired', (o) => o.status?.desiredNumberScheduled),
    count('Current', (o) => o.status?.currentNumberScheduled),
    count('Ready', (o) => o.status?.numberReady),
    count('Up-to-date', (o) => o.status?.updatedNumberScheduled),
    count('Available', (o) => o.status?.numberAvailable),
    column('Node Selector', (o) => mapText(o.spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns(specTemplate),
    selector,
  ],
  'batch/jobs': [
    column('Status', jobStatus),
    column(
      'Completions',
      (o) =>
        `${o.status?.succeeded ?? 0}/${o.spec?.completions ?? (o.spec?.parallelism > 1 ? `1 of ${o.spec.parallelism}` : 1)}`,
    ),
    column('Duration', jobDuration),
    ageColumn,
    ...containerColumns(specTemplate),
    selector,
  ],
  'discovery.k8s.io/endpointslices': [
    column('AddressType', (o) => o.addressType ?? ''),
    column('Ports', (o) => some((o.ports ?? []).map((p: Obj) => String(p.port ?? '*'))).replace('<none>', '<unset>')),
    column('Endpoints', (o) =>
      some((o.endpoints ?? []).flatMap((e: Obj) => e.addresses ?? [])).replace('<none>', '<unset>'),
    ),
    ageColumn,
  ],
  'networking.k8s.io/ingresses': [
    column(
      'Class',
      (o) => o.spec?.ingressClassName ?? o.metadata.annotations?.['kubernetes.io/ingress.class'] ?? '<none>',
    ),
    column('Hosts', (o) => some((o.spec?.rules ?? []).map((r: Obj) => r.host || '*')).replace('<none>', '*')),
    column('Address', ingressAddress),
    column('Ports', (o) => (o.spec?.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
  'networking.k8s.io/ingressclasses': [
    column('Controller', (o) => o.spec?.controller ?? ''),
    column('Parameters', () => '<none>'),
    ageColumn,
  ],
  'networking.k8s.io/networkpolicies': [
    column('Pod-Selector', (o) => selectorText(o.spec?.podSelector) || '<none>'),
    ageColumn,
  ],
  'autoscaling/horizontalpodautoscalers': [
    column('Reference', (o) => `${o.spec?.scaleTargetRef?.kind}/${o.spec?.scaleTargetRef?.name}`),
    column('Targets', (o) =>
      some(
        (o.spec?.metrics ?? []).map((m: Obj, i: number) => metricText(m, o.status?.currentMetrics?.[i])),
        2,
      ),
    ),
    column('MinPods', (o) => String(o.spec?.minReplicas ?? '<unset>')),
    column('MaxPods', (o) => o.spec?.maxReplicas ?? 0),
    column('Replicas', (o) => o.status?.currentReplicas ?? 0),
    ageColumn,
  ],
  'policy/poddisruptionbudgets': [
    column('Min Available', (o) => String(o.spec?.minAvailable ?? 'N/A')),
    column('Max Unavailable', (o) => String(o.spec?.maxUnavailable ?? 'N/A')),
    column('Allowed Disruptions', (o) => o.status?.disruptionsAllowed ?? 0, 'integer'),
    ageColumn,
  ],
  'coordination.k8s.io/leases': [column('Holder', (o) => o.spec?.holderIdentity ?? ''), ageColumn],
  'rbac.authorization.k8s.io/roles': [created],
  'rbac.authorization.k8s.io/clusterroles': [created],
  'rbac.authorization.k8s.io/rolebindings': bindingColumns,
  'rbac.authorization.k8s.io/clusterrolebindings': bindingColumns,
  'apiextensions.k8s.io/customresourcedefinitions': [created],
};

const justAge = [ageColumn];

export const columnsOf = (group: string, resource: string): readonly BuiltinColumn[] =>
  builtinColumns[`${group}/${resource}`] ?? justAge;
