import type { PodTemplateSpec } from './api/core.ts';
import { formatQuantity, parseQuantity, roundedUpToMilli } from './quantity.ts';

// Defaults that the API server gives to the pod template of a ReplicaSet. A template as people write it and the same
// template as it is stored differ only in these. Source: the API reference of Kubernetes 1.34, fields of PodTemplateSpec.
// What the server does to Pods only (requests from limits, enableServiceLinks, host ports) has no place here.

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object with `change` applied to one member, if it is an object. */
const within = (object: Fields, key: string, change: (member: Fields) => Fields): Fields => {
  const member = object[key];
  return isFields(member) ? { ...object, [key]: change(member) } : object;
};

/** The object with `change` applied to each object in a list. */
const each = (object: Fields, key: string, change: (item: Fields) => Fields): Fields => {
  const items: unknown = object[key];
  if (!Array.isArray(items) || items.length === 0) return object;
  return { ...object, [key]: items.map((item: unknown) => (isFields(item) ? change(item) : item)) };
};

/** Fills members that are absent or Go's zero (0, "", false are not told apart from absent). */
const orElse = (object: Fields, defaults: Fields): Fields => {
  const missing = Object.entries(defaults).filter(([key]) => !object[key]);
  return missing.length === 0 ? object : { ...object, ...Object.fromEntries(missing) };
};

/** Fills members that are absent; 0 and "" are values. */
const orWhenAbsent = (object: Fields, defaults: Fields): Fields => {
  const missing = Object.entries(defaults).filter(([key]) => object[key] === undefined || object[key] === null);
  return missing.length === 0 ? object : { ...object, ...Object.fromEntries(missing) };
};

const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const domainLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const imageName = new RegExp(
  `^(?:(?:${domainLabel}(?:\\.${domainLabel})*|\\[[a-fA-F0-9:]+\\])(?::\\d+)?/)?${pathComponent}(?:/${pathComponent})*` +
    '(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>[A-Za-z][\\w+.-]*:[0-9a-fA-F]{32,}))?$',
);

/** Always for the tag latest, said or meant; a digest, another tag and a name that is none do not change: IfNotPresent. */
export const defaultPullPolicy = (image: unknown): 'Always' | 'IfNotPresent' => {
  const groups = typeof image === 'string' ? imageName.exec(image)?.groups : undefined;
  if (groups === undefined) return 'IfNotPresent';
  return groups['tag'] === 'latest' || (groups['tag'] === undefined && groups['digest'] === undefined)
    ? 'Always'
    : 'IfNotPresent';
};

const roundedQuantities = (quantities: Fields): Fields =>
  Object.fromEntries(
    Object.entries(quantities).map(([name, value]) => {
      const quantity = typeof value === 'string' || typeof value === 'number' ? parseQuantity(value) : undefined;
      return [name, quantity === undefined ? value : formatQuantity(roundedUpToMilli(quantity))];
    }),
  );

const withRoundedResources = (resources: Fields): Fields =>
  within(within(resources, 'limits', roundedQuantities), 'requests', roundedQuantities);

const withFieldVersion = (item: Fields): Fields =>
  within(item, 'fieldRef', (fieldRef) => orElse(fieldRef, { apiVersion: 'v1' }));

const withHttpDefaults = (action: Fields): Fields =>
  within(action, 'httpGet', (httpGet) => orElse(httpGet, { path: '/', scheme: 'HTTP' }));

const withProbeDefaults = (probe: Fields): Fields =>
  orElse(
    within(withHttpDefaults(probe), 'grpc', (grpc) => orWhenAbsent(grpc, { service: '' })),
    { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  );

const withContainerDefaults = (container: Fields): Fields => {
  let defaulted = orElse(container, {
    imagePullPolicy: defaultPullPolicy(container['image']),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  defaulted = each(defaulted, 'ports', (port) => orElse(port, { protocol: 'TCP' }));
  defaulted = each(defaulted, 'env', (variable) =>
    within(variable, 'valueFrom', (source) =>
      within(withFieldVersion(source), 'fileKeyRef', (key) => orWhenAbsent(key, { optional: false })),
    ),
  );
  defaulted = within(defaulted, 'resources', withRoundedResources);
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    defaulted = within(defaulted, probe, withProbeDefaults);
  return within(defaulted, 'lifecycle', (lifecycle) =>
    within(within(lifecycle, 'postStart', withHttpDefaults), 'preStop', withHttpDefaults),
  );
};

const withFileMode = (source: Fields): Fields => orWhenAbsent(source, { defaultMode: 420 });

const withProjectionDefaults = (source: Fields): Fields => {
  const defaulted = within(source, 'downwardAPI', (downward) => each(downward, 'items', withFieldVersion));
  return within(defaulted, 'serviceAccountToken', (token) => orWhenAbsent(token, { expirationSeconds: 3600 }));
};

/** Defaults by kind of volume; the last four are of kinds that Kubernetes keeps only for old manifests. */
const volumeDefaults: Readonly<Record<string, (source: Fields) => Fields>> = {
  hostPath: (source) => orWhenAbsent(source, { type: '' }),
  secret: withFileMode,
  configMap: withFileMode,
  downwardAPI: (source) => withFileMode(each(source, 'items', withFieldVersion)),
  projected: (source) => withFileMode(each(source, 'sources', withProjectionDefaults)),
  image: (source) => orElse(source, { pullPolicy: defaultPullPolicy(source['reference']) }),
  ephemeral: (source) =>
    within(source, 'volumeClaimTemplate', (template) =>
      within({ spec: {}, ...template }, 'spec', (spec) =>
        within(orWhenAbsent(spec, { volumeMode: 'Filesystem' }), 'resources', withRoundedResources),
      ),
    ),
  iscsi: (source) => orElse(source, { iscsiInterface: 'default' }),
  rbd: (source) => orElse(source, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }),
  azureDisk: (source) =>
    orWhenAbsent(source, { cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' }),
  scaleIO: (source) => orElse(source, { storageMode: 'ThinProvisioned', fsType: 'xfs' }),
};

const withVolumeDefaults = (volume: Fields): Fields => {
  const sources = Object.keys(volume).filter((key) => key !== 'name' && isFields(volume[key]));
  if (sources.length === 0) return { ...volume, emptyDir: {} };
  return Object.entries(volumeDefaults).reduce((filled, [kind, fill]) => within(filled, kind, fill), volume);
};

/** Old clients name the service account in a field that the server copies into serviceAccountName. */
const withOneServiceAccountName = ({ serviceAccount, ...spec }: Fields): Fields =>
  serviceAccount === undefined ? spec : orElse(spec, { serviceAccountName: serviceAccount });

const withSpecDefaults = (spec: Fields): Fields => {
  let defaulted = orElse(withOneServiceAccountName(spec), {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
  });
  defaulted = orWhenAbsent(defaulted, { securityContext: {}, terminationGracePeriodSeconds: 30 });
  for (const containers of ['initContainers', 'containers', 'ephemeralContainers'])
    defaulted = each(defaulted, containers, withContainerDefaults);
  defaulted = each(defaulted, 'volumes', withVolumeDefaults);
  return within(within(defaulted, 'overhead', roundedQuantities), 'resources', withRoundedResources);
};

/** The template as the API server would store it in a ReplicaSet; the given one stays as it is. */
export const withTemplateDefaults = (template: PodTemplateSpec): PodTemplateSpec => ({
  ...template,
  spec: withSpecDefaults((template.spec ?? {}) as Fields) as PodTemplateSpec['spec'],
});
