// Syntax of names, labels and keys, with the API server's explanations of what is wrong with them.
import type { FieldErrors } from './field-errors.ts';
import type { ObjectMeta } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';

const alphanumeric = 'must start and end with an alphanumeric character';
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const part = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const texts = {
  subdomain: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and ${alphanumeric} (e.g. 'example.com', regex used for validation is '${label}(\\.${label})*')`,
  label: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and ${alphanumeric} (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
  label1035: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
  part: `name part must consist of alphanumeric characters, '-', '_' or '.', and ${alphanumeric} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${part}')`,
  value: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and ${alphanumeric} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'})?')`,
} as const;

const subdomain = new RegExp(`^${label}(\\.${label})*$`);
const label1123 = new RegExp(`^${label}$`);
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const namePart = new RegExp(`^${part}$`);

export const subdomainFault = (v: string): string | undefined =>
  v.length > 253 ? 'must be no more than 253 bytes' : subdomain.test(v) ? undefined : texts.subdomain;
export const labelFault = (v: string): string | undefined =>
  v.length > 63 ? 'must be no more than 63 bytes' : label1123.test(v) ? undefined : texts.label;
export const label1035Fault = (v: string): string | undefined =>
  v.length > 63 ? 'must be no more than 63 bytes' : label1035.test(v) ? undefined : texts.label1035;
const pathSegmentFault = (v: string): string | undefined =>
  v === '.' || v === '..'
    ? `may not be '${v}'`
    : v.includes('/')
      ? "may not contain '/'"
      : v.includes('%')
        ? "may not contain '%'"
        : undefined;

/** `example.com/name` or `name`. */
export function qualifiedNameFault(v: string): string | undefined {
  const slash = v.split('/');
  if (slash.length > 2)
    return `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and ${alphanumeric} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${part}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  const name = slash.at(-1) as string;
  if (slash.length === 2) {
    if (slash[0] === '') return 'prefix part must be non-empty';
    const fault = subdomainFault(slash[0] as string);
    if (fault) return `prefix part ${fault}`;
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 bytes';
  return namePart.test(name) ? undefined : texts.part;
}

export const labelValueFault = (v: string): string | undefined =>
  v.length > 63 ? 'must be no more than 63 bytes' : v === '' || namePart.test(v) ? undefined : texts.value;

type NameRule = (v: string) => string | undefined;

const nameRules: Record<string, NameRule> = {
  '/Service': label1035Fault,
  '/Namespace': labelFault,
  'rbac.authorization.k8s.io/Role': pathSegmentFault,
  'rbac.authorization.k8s.io/RoleBinding': pathSegmentFault,
  'rbac.authorization.k8s.io/ClusterRole': pathSegmentFault,
  'rbac.authorization.k8s.io/ClusterRoleBinding': pathSegmentFault,
};

export function checkLabels(errors: FieldErrors, labels: Record<string, Json> | undefined, field: string): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    const fault = qualifiedNameFault(key);
    if (fault) errors.invalid(field, key, fault);
    const valueFault = labelValueFault(String(value));
    if (valueFault) errors.invalid(field, value, valueFault);
  }
}

function checkOwners(errors: FieldErrors, metadata: ObjectMeta): void {
  const field = 'metadata.ownerReferences';
  for (const owner of metadata.ownerReferences ?? []) {
    if (!owner.apiVersion) errors.invalid(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty');
    if (!owner.kind) errors.invalid(`${field}.kind`, owner.kind ?? '', 'must not be empty');
    if (!owner.name) errors.invalid(`${field}.name`, owner.name ?? '', 'must not be empty');
    if (!owner.uid) errors.invalid(`${field}.uid`, owner.uid ?? '', 'must not be empty');
  }
  const controllers = (metadata.ownerReferences ?? []).filter((o) => o.controller);
  if (controllers.length > 1)
    errors.invalid(
      field,
      metadata.ownerReferences,
      `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]?.name} and ${controllers[1]?.name}`,
    );
}

const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

// Kinds whose finalizers may have any qualified name; all others want a domain in front, or a standard name.
const freeFinalizers = new Set(['apiextensions.k8s.io/CustomResourceDefinition']);

/** Checks what every kind has. */
export function checkMetadata(
  errors: FieldErrors,
  group: string,
  kind: string,
  metadata: ObjectMeta,
  custom = false,
): void {
  const core = !custom && !freeFinalizers.has(`${group}/${kind}`);
  const rule = nameRules[`${group}/${kind}`] ?? subdomainFault;
  if (metadata.generateName) {
    // A hyphen at its end is fine: something follows.
    const fault = rule(metadata.generateName.replace(/-$/, 'a'));
    if (fault) errors.invalid('metadata.generateName', metadata.generateName, fault);
  }
  if (!metadata.name) {
    if (!metadata.generateName) errors.required('metadata.name', 'name or generateName is required');
  } else {
    const fault = rule(metadata.name);
    if (fault) errors.invalid('metadata.name', metadata.name, fault);
  }
  checkLabels(errors, metadata.labels, 'metadata.labels');
  for (const key of Object.keys(metadata.annotations ?? {})) {
    const fault = qualifiedNameFault(key.toLowerCase());
    if (fault) errors.invalid('metadata.annotations', key, fault);
  }
  checkOwners(errors, metadata);
  (metadata.finalizers ?? []).forEach((f, i) => {
    const fault = qualifiedNameFault(f);
    if (fault) errors.invalid('metadata.finalizers', f, fault);
    if (core && !f.includes('/') && !standardFinalizers.has(f))
      errors.invalid(
        `metadata.finalizers[${i}]`,
        f,
        'name is neither a standard finalizer name nor is it fully qualified',
      );
  });
}

/** Checks what an update may do to metadata. */
export function checkMetadataUpdate(errors: FieldErrors, next: ObjectMeta, current: ObjectMeta): void {
  if (next.uid && next.uid !== current.uid) errors.invalid('metadata.uid', next.uid, 'field is immutable');
  if (!current.deletionTimestamp) return;
  const before = new Set(current.finalizers ?? []);
  const added = (next.finalizers ?? []).filter((f) => !before.has(f));
  if (added.length > 0)
    errors.forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((f) => JSON.stringify(f)).join(', ')}}`,
    );
}
