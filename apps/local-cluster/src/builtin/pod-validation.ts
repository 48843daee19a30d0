// Checks of pod templates. They are what lets a controller ask "would this template make a pod?" without a schema of its own.
import type { Json } from '../storage/values.ts';
import { canonicalQuantity } from '../schema/quantity.ts';
import type { FieldErrors } from './field-errors.ts';
import { checkLabels, labelFault, subdomainFault } from './names.ts';

type Obj = Record<string, Json>;

const portNameRule = 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';

/** A port by number or by name. */
export function checkPortRef(errors: FieldErrors, field: string, port: Json): void {
  if (typeof port === 'number') {
    if (port < 1 || port > 65535) errors.invalid(field, port, 'must be between 1 and 65535, inclusive');
    return;
  }
  const name = String(port ?? '');
  if (name.length > 15) errors.invalid(field, name, 'must be no more than 15 characters');
  if (!/^[-a-z0-9]*$/.test(name)) errors.invalid(field, name, portNameRule);
  else if (!/[a-z]/.test(name)) errors.invalid(field, name, 'must contain at least one letter (a-z)');
}

const protocols = ['SCTP', 'TCP', 'UDP'];

function ports(errors: FieldErrors, field: string, list: Obj[]): void {
  const names = new Set<string>();
  list.forEach((port, i) => {
    const at = `${field}[${i}]`;
    if (port.name) {
      checkPortRef(errors, `${at}.name`, port.name);
      if (names.has(port.name)) errors.duplicate(`${at}.name`, port.name);
      names.add(port.name);
    }
    if (!port.containerPort) errors.required(`${at}.containerPort`);
    else checkPortRef(errors, `${at}.containerPort`, port.containerPort);
    if (port.hostPort) checkPortRef(errors, `${at}.hostPort`, port.hostPort);
    errors.oneOf(`${at}.protocol`, port.protocol, protocols);
  });
}

function probe(errors: FieldErrors, field: string, p: Obj | undefined): void {
  if (!p) return;
  actions(errors, field, p, ['exec', 'httpGet', 'tcpSocket', 'grpc']);
  for (const key of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'])
    errors.notNegative(`${field}.${key}`, p[key]);
}

function actions(errors: FieldErrors, field: string, p: Obj, kinds: readonly string[]): void {
  let handlers = 0;
  for (const kind of kinds) {
    const action: Obj | undefined = p[kind];
    if (!action) continue;
    if (++handlers > 1) {
      errors.forbidden(`${field}.${kind}`, 'may not specify more than 1 handler type');
      continue;
    }
    if (kind === 'exec' && !action.command?.length) errors.required(`${field}.exec.command`);
    if (kind === 'httpGet' || kind === 'tcpSocket') checkPortRef(errors, `${field}.${kind}.port`, action.port ?? 0);
    if (kind === 'httpGet') errors.oneOf(`${field}.httpGet.scheme`, action.scheme, ['HTTP', 'HTTPS']);
  }
  if (handlers === 0) errors.required(field, 'must specify a handler type');
}

/** In thousandths, for comparisons. */
function amount(quantity: Json): number {
  const m = /^(-?[\d.]+)(\D*\d*)$/.exec(String(quantity));
  const factor: Record<string, number> = {
    n: 1e-9,
    u: 1e-6,
    m: 1e-3,
    '': 1,
    k: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    P: 1e15,
    E: 1e18,
    Ki: 2 ** 10,
    Mi: 2 ** 20,
    Gi: 2 ** 30,
    Ti: 2 ** 40,
    Pi: 2 ** 50,
    Ei: 2 ** 60,
  };
  return Number(m?.[1] ?? 0) * (factor[m?.[2] ?? ''] ?? 1);
}

function resources(errors: FieldErrors, field: string, r: Obj | undefined): void {
  for (const kind of ['limits', 'requests'])
    for (const [name, quantity] of Object.entries((r?.[kind] ?? {}) as Obj))
      if (canonicalQuantity(quantity)?.startsWith('-'))
        errors.invalid(`${field}.${kind}[${name}]`, quantity, 'must be greater than or equal to 0');
  for (const [name, quantity] of Object.entries((r?.requests ?? {}) as Obj)) {
    const limit = r?.limits?.[name];
    if (limit !== undefined && amount(quantity) > amount(limit))
      errors.invalid(`${field}.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`);
  }
}

function mounts(errors: FieldErrors, field: string, list: Obj[], volumes: ReadonlySet<string>): void {
  const paths = new Set<string>();
  list.forEach((mount, i) => {
    const at = `${field}[${i}]`;
    if (!mount.name) errors.required(`${at}.name`);
    else if (!volumes.has(mount.name)) errors.notFound(`${at}.name`, mount.name);
    if (!mount.mountPath) errors.required(`${at}.mountPath`);
    else if (paths.has(mount.mountPath)) errors.invalid(`${at}.mountPath`, mount.mountPath, 'must be unique');
    paths.add(mount.mountPath);
  });
}

function environment(errors: FieldErrors, field: string, list: Obj[]): void {
  list.forEach((env, i) => {
    const at = `${field}[${i}]`;
    if (!env.name) errors.required(`${at}.name`);
    else if (env.name.includes('='))
      errors.invalid(
        `${at}.name`,
        env.name,
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      );
    if (env.value && env.valueFrom)
      errors.invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty');
    if (env.valueFrom && Object.keys(env.valueFrom).length !== 1)
      errors.invalid(
        `${at}.valueFrom`,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      );
  });
}

function containers(
  errors: FieldErrors,
  field: string,
  list: Obj[],
  volumes: ReadonlySet<string>,
  names: Set<string>,
): void {
  list.forEach((c, i) => {
    const at = `${field}[${i}]`;
    if (!c.name) errors.required(`${at}.name`);
    else {
      const fault = labelFault(c.name);
      if (fault) errors.invalid(`${at}.name`, c.name, fault);
      if (names.has(c.name)) errors.duplicate(`${at}.name`, c.name);
      names.add(c.name);
    }
    if (!c.image) errors.required(`${at}.image`);
    else if (c.image.trim() !== c.image)
      errors.invalid(`${at}.image`, c.image, 'must not have leading or trailing whitespace');
    ports(errors, `${at}.ports`, c.ports ?? []);
    environment(errors, `${at}.env`, c.env ?? []);
    mounts(errors, `${at}.volumeMounts`, c.volumeMounts ?? [], volumes);
    errors.oneOf(`${at}.imagePullPolicy`, c.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
    errors.oneOf(`${at}.terminationMessagePolicy`, c.terminationMessagePolicy, ['File', 'FallbackToLogsOnError']);
    resources(errors, `${at}.resources`, c.resources);
    for (const hook of ['postStart', 'preStop'])
      if (c.lifecycle?.[hook])
        actions(errors, `${at}.lifecycle.${hook}`, c.lifecycle[hook], ['exec', 'httpGet', 'tcpSocket', 'sleep']);
    for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe']) probe(errors, `${at}.${kind}`, c[kind]);
    for (const kind of ['livenessProbe', 'startupProbe'])
      if (c[kind] && c[kind].successThreshold !== undefined && c[kind].successThreshold !== 1)
        errors.invalid(`${at}.${kind}.successThreshold`, c[kind].successThreshold, 'must be 1');
  });
}

// In the order in which the API server looks at them: the first is kept, each other is one too many.
const volumeKinds = [
  ...[
    'emptyDir',
    'hostPath',
    'gitRepo',
    'gcePersistentDisk',
    'awsElasticBlockStore',
    'secret',
    'nfs',
    'iscsi',
    'glusterfs',
    'flocker',
  ],
  ...[
    'persistentVolumeClaim',
    'rbd',
    'cinder',
    'cephfs',
    'quobyte',
    'downwardAPI',
    'fc',
    'configMap',
    'azureFile',
    'azureDisk',
  ],
  ...[
    'photonPersistentDisk',
    'projected',
    'portworxVolume',
    'scaleIO',
    'storageos',
    'vsphereVolume',
    'flexVolume',
    'csi',
    'ephemeral',
    'image',
  ],
];

function volumes(errors: FieldErrors, field: string, list: Obj[]): Set<string> {
  const names = new Set<string>();
  list.forEach((v, i) => {
    const at = `${field}[${i}]`;
    volumeKinds
      .filter((k) => v[k] !== undefined)
      .slice(1)
      .forEach((k) => errors.forbidden(`${at}.${k}`, 'may not specify more than 1 volume type'));
    if (v.secret && !v.secret.secretName) errors.required(`${at}.secret.secretName`);
    if (v.configMap && !v.configMap.name) errors.required(`${at}.configMap.name`);
    if (v.persistentVolumeClaim && !v.persistentVolumeClaim.claimName)
      errors.required(`${at}.persistentVolumeClaim.claimName`);
    if (v.hostPath && !v.hostPath.path) errors.required(`${at}.hostPath.path`);
    if (!v.name) errors.required(`${at}.name`);
    else {
      const fault = labelFault(v.name);
      if (fault) errors.invalid(`${at}.name`, v.name, fault);
      if (names.has(v.name)) errors.duplicate(`${at}.name`, v.name);
      names.add(v.name);
    }
  });
  return names;
}

/** `restartPolicies`: those that the owner of the pod allows. */
export function checkPodSpec(errors: FieldErrors, field: string, spec: Obj): void {
  const volumeNames = volumes(errors, `${field}.volumes`, spec.volumes ?? []);
  if (!spec.containers?.length) errors.required(`${field}.containers`);
  const names = new Set<string>();
  containers(errors, `${field}.containers`, spec.containers ?? [], volumeNames, names);
  containers(errors, `${field}.initContainers`, spec.initContainers ?? [], volumeNames, names);
  errors.oneOf(`${field}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  errors.oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']);
  checkLabels(errors, spec.nodeSelector, `${field}.nodeSelector`);
  if (typeof spec.activeDeadlineSeconds === 'number' && spec.activeDeadlineSeconds < 1)
    errors.invalid(
      `${field}.activeDeadlineSeconds`,
      spec.activeDeadlineSeconds,
      'must be between 1 and 2147483647, inclusive',
    );
  if (spec.serviceAccountName) {
    const fault = subdomainFault(spec.serviceAccountName);
    if (fault) errors.invalid(`${field}.serviceAccountName`, spec.serviceAccountName, fault);
  }
}

export function checkPodTemplate(errors: FieldErrors, field: string, template: Obj | undefined): void {
  checkLabels(errors, template?.metadata?.labels, `${field}.metadata.labels`);
  checkPodSpec(errors, `${field}.spec`, template?.spec ?? {});
}
