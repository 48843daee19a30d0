// Checks of the built-in kinds: what rollouts and their tests can get wrong. Not each rule of the real server is here.
import type { FieldError } from '../storage/status-error.ts';
import type { KubeObject } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import { equal } from '../storage/values.ts';
import { selectorFaults, selectorMatches } from '../api/selectors.ts';
import { FieldErrors } from './field-errors.ts';
import { checkMetadata, checkMetadataUpdate } from './names.ts';
import { checkPodSpec, checkPodTemplate, checkPortRef } from './pod-validation.ts';

type Obj = Record<string, Json>;
type Check = (errors: FieldErrors, object: Obj, current: Obj | undefined) => void;

function selectsTemplate(errors: FieldErrors, spec: Obj): void {
  if (!spec.selector || (!spec.selector.matchLabels && !spec.selector.matchExpressions)) {
    if (!spec.selector) errors.required('spec.selector');
    else errors.invalid('spec.selector', spec.selector, 'empty selector is invalid for deployment');
  }
  for (const fault of selectorFaults(spec.selector)) errors.invalid('spec.selector', spec.selector, fault);
  const labels: Obj | undefined = spec.template?.metadata?.labels;
  if (!spec.selector || !selectorMatches(spec.selector, labels ?? {}))
    errors.invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`');
}

const workload: Check = (errors, o, current) => {
  const spec: Obj = o.spec ?? {};
  errors.notNegative('spec.replicas', spec.replicas);
  errors.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  selectsTemplate(errors, spec);
  checkPodTemplate(errors, 'spec.template', spec.template);
  const policy = spec.template?.spec?.restartPolicy;
  if (policy === 'Never' || policy === 'OnFailure')
    errors.unsupported('spec.template.spec.restartPolicy', policy, ['Always']);
  if (current && !equal(current.spec.selector, spec.selector))
    errors.invalid('spec.selector', spec.selector, 'field is immutable');
};

const deployment: Check = (errors, o, current) => {
  workload(errors, o, current);
  const spec: Obj = o.spec ?? {};
  errors.oneOf('spec.strategy.type', spec.strategy?.type, ['Recreate', 'RollingUpdate']);
  if (spec.strategy?.type === 'Recreate' && spec.strategy.rollingUpdate)
    errors.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'");
  const { maxSurge, maxUnavailable } = spec.strategy?.rollingUpdate ?? {};
  const zero = (v: Json): boolean => v === 0 || v === '0%';
  if (zero(maxSurge) && zero(maxUnavailable))
    errors.invalid('spec.strategy.rollingUpdate.maxUnavailable', maxUnavailable, 'may not be 0 when `maxSurge` is 0');
  errors.notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  if (typeof spec.progressDeadlineSeconds === 'number' && spec.progressDeadlineSeconds <= (spec.minReadySeconds ?? 0))
    errors.invalid(
      'spec.progressDeadlineSeconds',
      spec.progressDeadlineSeconds,
      'must be greater than minReadySeconds',
    );
};

const job: Check = (errors, o, current) => {
  const spec: Obj = o.spec ?? {};
  for (const key of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'])
    errors.notNegative(`spec.${key}`, spec[key]);
  checkPodTemplate(errors, 'spec.template', spec.template);
  const policy = spec.template?.spec?.restartPolicy;
  if (policy === 'Always') errors.required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"');
  if (!current) return;
  for (const key of ['template', 'selector', 'completionMode'])
    if (!equal(current.spec[key], spec[key])) errors.invalid(`spec.${key}`, spec[key] ?? null, 'field is immutable');
};

const pod: Check = (errors, o, current) => {
  checkPodSpec(errors, 'spec', o.spec ?? {});
  if (!current) return;
  const fixed = (p: Obj): Obj => {
    const { activeDeadlineSeconds: _, tolerations: __, terminationGracePeriodSeconds: ___, ...spec } = p.spec;
    const images = (list: Obj[] | undefined): Obj[] => (list ?? []).map(({ image: _image, ...c }) => c);
    return { ...spec, containers: images(spec.containers), initContainers: images(spec.initContainers) };
  };
  if (!equal(fixed(current), fixed(o)))
    errors.forbidden(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    );
};

const service: Check = (errors, o, current) => {
  const spec: Obj = o.spec ?? {};
  const ports: Obj[] = spec.ports ?? [];
  if (ports.length === 0 && spec.clusterIP !== 'None' && spec.type !== 'ExternalName') errors.required('spec.ports');
  if (spec.type === 'ExternalName' && !spec.externalName) errors.required('spec.externalName');
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const at = `spec.ports[${i}]`;
    if (!port.name && ports.length > 1) errors.required(`${at}.name`);
    if (port.name && names.has(port.name)) errors.duplicate(`${at}.name`, port.name);
    names.add(port.name);
    checkPortRef(errors, `${at}.port`, port.port ?? 0);
    errors.oneOf(`${at}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']);
    checkPortRef(errors, `${at}.targetPort`, port.targetPort ?? 0);
  });
  errors.oneOf('spec.type', spec.type, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  errors.oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  if (
    current &&
    current.spec.type !== 'ExternalName' &&
    spec.type !== 'ExternalName' &&
    !equal(current.spec.clusterIP, spec.clusterIP)
  )
    errors.invalid('spec.clusterIPs[0]', spec.clusterIPs ?? [spec.clusterIP], 'may not change once set');
};

const ingress: Check = (errors, o) => {
  const spec: Obj = o.spec ?? {};
  if (!spec.defaultBackend && !spec.rules?.length)
    errors.invalid('spec', null, 'either `defaultBackend` or `rules` must be specified');
  (spec.rules ?? []).forEach((rule: Obj, i: number) =>
    (rule.http?.paths ?? []).forEach((path: Obj, j: number) => {
      const at = `spec.rules[${i}].http.paths[${j}]`;
      if (!path.pathType) return errors.required(`${at}.pathType`, 'pathType must be specified');
      errors.oneOf(`${at}.pathType`, path.pathType, ['Exact', 'ImplementationSpecific', 'Prefix']);
      if (path.pathType !== 'ImplementationSpecific' && !path.path?.startsWith('/'))
        errors.invalid(`${at}.path`, path.path ?? '', 'must be an absolute path');
      const backend: Obj | undefined = path.backend?.service;
      if (!backend && !path.backend?.resource) errors.required(`${at}.backend`);
      if (backend && !backend.name) errors.required(`${at}.backend.service.name`);
      if (backend && !backend.port?.number && !backend.port?.name)
        errors.required(`${at}.backend`, 'port name or number is required');
    }),
  );
};

const autoscaler: Check = (errors, o) => {
  const spec: Obj = o.spec ?? {};
  if (typeof spec.minReplicas === 'number' && spec.minReplicas < 1)
    errors.invalid('spec.minReplicas', spec.minReplicas, 'must be greater than or equal to 1');
  if (!(spec.maxReplicas > 0)) errors.invalid('spec.maxReplicas', spec.maxReplicas ?? 0, 'must be greater than 0');
  if (spec.maxReplicas < (spec.minReplicas ?? 1))
    errors.invalid('spec.maxReplicas', spec.maxReplicas, 'must be greater than or equal to `minReplicas`');
  if (!spec.scaleTargetRef?.kind) errors.required('spec.scaleTargetRef.kind');
  if (!spec.scaleTargetRef?.name) errors.required('spec.scaleTargetRef.name');
};

const secret: Check = (errors, o, current) => {
  for (const [key, value] of Object.entries((o.data ?? {}) as Obj))
    if (!/^[-._a-zA-Z0-9]+$/.test(key))
      errors.invalid(
        `data[${key}]`,
        key,
        `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      );
    else if (typeof value !== 'string') errors.invalid(`data[${key}]`, value, 'must be a string');
  if (current && current.type !== o.type) errors.invalid('type', o.type, 'field is immutable');
  if (current?.immutable && !equal(current.data, o.data))
    errors.forbidden('data', 'field is immutable when `immutable` is set');
};

const lease: Check = (errors, o) => {
  const seconds = o.spec?.leaseDurationSeconds;
  if (typeof seconds === 'number' && seconds <= 0)
    errors.invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0');
};

const disruptionBudget: Check = (errors, o) => {
  if (o.spec?.minAvailable !== undefined && o.spec?.maxUnavailable !== undefined)
    errors.invalid(
      'spec',
      { minAvailable: o.spec.minAvailable, maxUnavailable: o.spec.maxUnavailable },
      'minAvailable and maxUnavailable cannot be both set',
    );
};

const roleBinding: Check = (errors, o, current) => {
  if (!o.roleRef?.name) errors.required('roleRef.name');
  if (current && !equal(current.roleRef, o.roleRef)) errors.invalid('roleRef', o.roleRef, 'cannot change roleRef');
};

const checks: Record<string, Check> = {
  '/Pod': pod,
  '/PodTemplate': (errors, o) => checkPodTemplate(errors, 'template', o.template),
  '/Service': service,
  '/Secret': secret,
  'apps/Deployment': deployment,
  'apps/ReplicaSet': workload,
  'apps/StatefulSet': workload,
  'apps/DaemonSet': workload,
  'batch/Job': job,
  'networking.k8s.io/Ingress': ingress,
  'autoscaling/HorizontalPodAutoscaler': autoscaler,
  'policy/PodDisruptionBudget': disruptionBudget,
  'coordination.k8s.io/Lease': lease,
  'rbac.authorization.k8s.io/RoleBinding': roleBinding,
  'rbac.authorization.k8s.io/ClusterRoleBinding': roleBinding,
};

/** All faults of `object`, in the order of its fields. `current` is what an update replaces. */
export function validateObject(group: string, kind: string, object: KubeObject, current?: KubeObject): FieldError[] {
  const errors = new FieldErrors();
  checkMetadata(errors, group, kind, object.metadata);
  if (current) checkMetadataUpdate(errors, object.metadata, current.metadata);
  checks[`${group}/${kind}`]?.(errors, object, current);
  return errors.list;
}
