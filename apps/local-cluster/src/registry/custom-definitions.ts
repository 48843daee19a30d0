// CustomResourceDefinitions: checked, accepted, established, served, and cleaned up after, as they come and go in the store.
import type { KubeObject, LocalStore, ResourceRef } from '../storage/store.ts';
import { timestamp } from '../storage/metadata.ts';
import type { Json } from '../storage/values.ts';
import { FieldErrors } from '../builtin/field-errors.ts';
import { equal } from '../storage/values.ts';
import type { CustomResourceSchema } from '../schema/custom-resource.ts';
import { customResourceSchema } from '../schema/custom-resource.ts';
import { validateSchema } from '../schema/validate.ts';
import type { StructuralSchema } from '../schema/structural.ts';
import { compareVersions } from './registry.ts';
import type { Column, ResourceInfo, ScalePaths } from './resource.ts';

type Obj = Record<string, Json>;

export const definitions: ResourceRef = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
};

const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

export interface CustomVersion {
  readonly schema: CustomResourceSchema;
  readonly columns: readonly (Column & { readonly jsonPath: string })[];
}

export interface CustomDefinitions {
  /** Undefined for built-in kinds. */
  version(info: ResourceInfo, version: string): CustomVersion | undefined;
  stop(): void;
}

function scaleOf(version: Obj): ScalePaths | undefined {
  const scale: Obj | undefined = version.subresources?.scale;
  if (!scale) return undefined;
  return {
    specReplicas: scale.specReplicasPath,
    statusReplicas: scale.statusReplicasPath,
    ...(scale.labelSelectorPath ? { labelSelector: scale.labelSelectorPath } : {}),
  };
}

function infoOf(crd: KubeObject): ResourceInfo {
  const { group, names, scope, versions } = crd.spec as { group: string; names: Obj; scope: string; versions: Obj[] };
  const served = versions.filter((v) => v.served).map((v) => v.name as string);
  const storage = versions.find((v) => v.storage) ?? versions[0] ?? {};
  const scale = scaleOf(storage);
  return {
    group,
    versions: served.sort(compareVersions),
    storageVersion: storage.name,
    resource: names.plural,
    singular: names.singular ?? String(names.kind).toLowerCase(),
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    namespaced: scope !== 'Cluster',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    status: storage.subresources?.status !== undefined,
    ...(scale ? { scale } : {}),
    generation: 'all',
    definedBy: crd.metadata.name,
  };
}

const ageColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', priority: 0 } as const;

function versionOf(version: Obj): CustomVersion {
  const schema: StructuralSchema = version.schema?.openAPIV3Schema ?? {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  };
  const columns: Obj[] = version.additionalPrinterColumns ?? [];
  return {
    schema: customResourceSchema(schema, scaleOf(version)),
    columns:
      columns.length === 0
        ? [ageColumn]
        : columns.map((c) => ({ ...c, priority: c.priority ?? 0 }) as CustomVersion['columns'][number]),
  };
}

/** Condition of `type`, with a time that changes only when its status does. */
function condition(crd: KubeObject, type: string, status: string, reason: string, message: string, nowMs: number): Obj {
  const old = (crd.status?.conditions as Obj[] | undefined)?.find((c) => c.type === type);
  return {
    lastTransitionTime: old?.status === status ? old.lastTransitionTime : timestamp(nowMs),
    message,
    reason,
    status,
    type,
  };
}

/** Accepts the names at once: nobody else wants them. */
function establish(store: LocalStore, crd: KubeObject): void {
  store.modify(
    definitions,
    undefined,
    crd.metadata.name,
    (draft) => {
      const now = store.clock.now();
      const storage = (draft.spec.versions as Obj[]).find((v) => v.storage)?.name as string;
      draft.status = {
        ...draft.status,
        acceptedNames: draft.spec.names,
        conditions: [
          condition(crd, 'NamesAccepted', 'True', 'NoConflicts', 'no conflicts found', now),
          condition(crd, 'Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted', now),
        ],
        storedVersions: [...new Set([...((draft.status?.storedVersions as string[] | undefined) ?? []), storage])],
      };
    },
    { subresource: 'status' },
  );
  store.modify(definitions, undefined, crd.metadata.name, (draft) => {
    if (!draft.metadata.finalizers?.includes(CLEANUP))
      draft.metadata.finalizers = [...(draft.metadata.finalizers ?? []), CLEANUP];
  });
}

/** Keeps the registry, the definitions' status and the schemas in step with the store. */
export function followDefinitions(store: LocalStore): CustomDefinitions {
  const compiled = new Map<string, { spec: Json; versions: Map<string, CustomVersion> }>();
  const watching = new Map<string, () => void>();

  const serve = (crd: KubeObject): void => {
    const { name } = crd.metadata;
    if (compiled.get(name)?.spec === crd.spec) return;
    const info = infoOf(crd);
    compiled.set(name, {
      spec: crd.spec,
      versions: new Map((crd.spec.versions as Obj[]).map((v) => [v.name, versionOf(v)])),
    });
    store.registry.define(info);
  };

  // A definition goes when its objects are gone: they may have finalizers of their own.
  const cleanUp = (crd: KubeObject): void => {
    const info = infoOf(crd);
    const ref = { group: info.group, version: info.storageVersion, resource: info.resource };
    for (const object of store.list(ref))
      if (!object.metadata.deletionTimestamp) store.remove(ref, object.metadata.namespace, object.metadata.name);
    if (store.list(ref).length > 0) {
      if (!watching.has(crd.metadata.name))
        watching.set(
          crd.metadata.name,
          store.subscribe(ref, (e) => e.type === 'DELETED' && store.list(ref).length === 0 && letGo(crd.metadata.name)),
        );
      return;
    }
    letGo(crd.metadata.name);
  };

  const letGo = (name: string): void => {
    watching.get(name)?.();
    watching.delete(name);
    store.modify(definitions, undefined, name, (draft) => {
      draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((f) => f !== CLEANUP);
    });
  };

  const follow = (type: string, crd: KubeObject): void => {
    if (type === 'DELETED') {
      compiled.delete(crd.metadata.name);
      store.registry.undefine(crd.spec.group, crd.spec.names.plural);
    } else if (crd.metadata.deletionTimestamp) cleanUp(crd);
    else {
      serve(crd);
      establish(store, crd);
    }
  };

  for (const crd of store.list(definitions)) follow('ADDED', crd);
  const unsubscribe = store.subscribe(definitions, (e) => follow(e.type, e.object));
  return {
    version: (info, version) => (info.definedBy ? compiled.get(info.definedBy)?.versions.get(version) : undefined),
    stop() {
      unsubscribe();
      for (const stop of watching.values()) stop();
    },
  };
}

/** What would make a definition unusable. Not each rule of the real server: those that people meet. */
export function definitionErrors(crd: KubeObject, current: KubeObject | undefined): FieldErrors['list'] {
  const errors = new FieldErrors();
  const spec: Obj = crd.spec ?? {};
  const versions: Obj[] = spec.versions ?? [];
  const expected = `${spec.names?.plural}.${spec.group}`;
  if (crd.metadata.name !== expected)
    errors.invalid('metadata.name', crd.metadata.name, 'must be spec.names.plural+"."+spec.group');
  for (const key of ['plural', 'kind']) if (!spec.names?.[key]) errors.required(`spec.names.${key}`);
  if (!spec.group) errors.required('spec.group');
  if (versions.length === 0) errors.required('spec.versions');
  errors.oneOf('spec.scope', spec.scope ?? '', ['Cluster', 'Namespaced']);
  if (versions.length > 0 && versions.filter((v) => v.storage).length !== 1)
    errors.invalid(
      'spec.versions',
      versions.map((v) => v.name),
      'must have exactly one version marked as storage version',
    );
  if (current && current.spec.scope !== spec.scope) errors.invalid('spec.scope', spec.scope, 'field is immutable');
  if (current && !equal(current.spec.names.kind, spec.names?.kind))
    errors.invalid('spec.names.kind', spec.names?.kind, 'field is immutable');
  if (spec.conversion?.strategy && spec.conversion.strategy !== 'None')
    errors.unsupported('spec.conversion.strategy', spec.conversion.strategy, ['None']);
  versions.forEach((version, i) => {
    const at = `spec.versions[${i}].schema.openAPIV3Schema`;
    const schema: StructuralSchema | undefined = version.schema?.openAPIV3Schema;
    if (!schema) errors.required(at, 'schemas are required');
    else {
      if (schema.type !== 'object') errors.invalid(`${at}.type`, schema.type ?? '', 'must be object at the root');
      checkStructure(errors, schema, at, true);
    }
  });
  return errors.list;
}

function checkStructure(errors: FieldErrors, schema: StructuralSchema, at: string, root = false): void {
  if (!root && !schema.type && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields'])
    errors.required(`${at}.type`, 'must not be empty for specified object fields');
  if (schema.default !== undefined) {
    for (const e of validateSchema(schema.default, schema, '')) errors.list.push({ ...e, field: `${at}.default` });
  }
  if (schema.type === 'array' && !schema.items) errors.required(`${at}.items`, 'must be specified');
  for (const [key, child] of Object.entries(schema.properties ?? {}))
    checkStructure(errors, child, `${at}.properties[${key}]`);
  if (schema.items) checkStructure(errors, schema.items, `${at}.items`);
  if (typeof schema.additionalProperties === 'object')
    checkStructure(errors, schema.additionalProperties, `${at}.additionalProperties`);
}
