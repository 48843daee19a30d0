// What the API server fills into pod templates and pods. Controllers compare templates with what is stored, so this has to be exact.
import type { Json } from '../storage/values.ts';

type Obj = Record<string, Json>;

/** Sets `object[key]` unless it is set. */
export function fill(object: Obj, key: string, value: Json): void {
  if (object[key] === undefined) object[key] = value;
}

function imagePullPolicy(image: unknown): string {
  const text = typeof image === 'string' ? image : '';
  const name = text.slice(text.lastIndexOf('/') + 1);
  const tagged = name.includes(':') || text.includes('@');
  return tagged && !name.endsWith(':latest') ? 'IfNotPresent' : 'Always';
}

function httpGet(action: Obj | undefined): void {
  if (!action) return;
  fill(action, 'path', '/');
  fill(action, 'scheme', 'HTTP');
}

function probe(p: Obj | undefined): void {
  if (!p) return;
  fill(p, 'timeoutSeconds', 1);
  fill(p, 'periodSeconds', 10);
  fill(p, 'successThreshold', 1);
  fill(p, 'failureThreshold', 3);
  httpGet(p.httpGet);
  if (p.grpc) fill(p.grpc, 'service', '');
}

function container(c: Obj): void {
  fill(c, 'imagePullPolicy', imagePullPolicy(c.image));
  fill(c, 'resources', {});
  fill(c, 'terminationMessagePath', '/dev/termination-log');
  fill(c, 'terminationMessagePolicy', 'File');
  for (const port of c.ports ?? []) fill(port, 'protocol', 'TCP');
  for (const env of c.env ?? []) if (env.valueFrom?.fieldRef) fill(env.valueFrom.fieldRef, 'apiVersion', 'v1');
  probe(c.livenessProbe);
  probe(c.readinessProbe);
  probe(c.startupProbe);
  httpGet(c.lifecycle?.postStart?.httpGet);
  httpGet(c.lifecycle?.preStop?.httpGet);
}

function downwardItems(items: Obj[] | undefined): void {
  for (const item of items ?? []) if (item.fieldRef) fill(item.fieldRef, 'apiVersion', 'v1');
}

function volume(v: Obj): void {
  const sources = Object.keys(v).filter((k) => k !== 'name');
  if (sources.length === 0) v.emptyDir = {};
  for (const kind of ['configMap', 'secret', 'downwardAPI', 'projected'])
    if (v[kind]) fill(v[kind], 'defaultMode', 420);
  downwardItems(v.downwardAPI?.items);
  for (const source of v.projected?.sources ?? []) {
    downwardItems(source.downwardAPI?.items);
    if (source.serviceAccountToken) fill(source.serviceAccountToken, 'expirationSeconds', 3600);
  }
  if (v.hostPath) fill(v.hostPath, 'type', '');
  if (v.ephemeral?.volumeClaimTemplate?.spec) fill(v.ephemeral.volumeClaimTemplate.spec, 'volumeMode', 'Filesystem');
  if (v.iscsi) fill(v.iscsi, 'iscsiInterface', 'default');
}

/** Fills `spec` in place. */
export function defaultPodSpec(spec: Obj): void {
  fill(spec, 'dnsPolicy', 'ClusterFirst');
  fill(spec, 'restartPolicy', 'Always');
  fill(spec, 'securityContext', {});
  fill(spec, 'terminationGracePeriodSeconds', 30);
  fill(spec, 'schedulerName', 'default-scheduler');
  // The old and the new name of one field always go together.
  if (spec.serviceAccountName ?? spec.serviceAccount) {
    const account: string = spec.serviceAccountName ?? spec.serviceAccount;
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
  for (const c of [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])])
    container(c);
  for (const v of spec.volumes ?? []) volume(v);
  if (spec.hostNetwork)
    for (const c of spec.containers ?? []) for (const port of c.ports ?? []) fill(port, 'hostPort', port.containerPort);
}

/** What a pod gets beyond its template: the rest of its defaults and what admission adds in every cluster. */
export function defaultPod(pod: Obj): void {
  const spec: Obj = (pod.spec ??= {});
  defaultPodSpec(spec);
  fill(spec, 'enableServiceLinks', true);
  fill(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  fill(spec, 'priority', 0);
  for (const c of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const { limits } = c.resources;
    if (!limits) continue;
    c.resources.requests = { ...limits, ...c.resources.requests };
  }
  const tolerations: Obj[] = spec.tolerations ?? [];
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) =>
      !tolerations.some(
        (t) => (t.key === key || t.key === undefined) && (t.effect === 'NoExecute' || t.effect === undefined),
      ),
  );
  spec.tolerations = [
    ...tolerations,
    ...missing.map((key) => ({ effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: 300 })),
  ];
}
