import type { KubeObject, RawObject } from './resources.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Drops what no controller reads and what is most of an object's size: managedFields and kubectl's last-applied annotation. */
export function withoutBookkeeping(raw: RawObject): RawObject {
  const {
    managedFields: _managedFields,
    annotations,
    ...metadata
  } = raw.metadata as RawObject['metadata'] & { managedFields?: unknown };
  if (annotations === undefined) return { ...raw, metadata };
  if (!(lastApplied in annotations)) return { ...raw, metadata: { ...metadata, annotations } };
  const { [lastApplied]: _applied, ...kept } = annotations;
  return { ...raw, metadata: { ...metadata, annotations: kept } };
}

/** Freezes an object all the way down, so that writing into the cache throws instead of corrupting it. Already frozen parts are taken as done. */
export function deepFrozen<T extends KubeObject>(object: T): T {
  freeze(object);
  return object;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Array.isArray(value) ? value : Object.values(value)) freeze(part);
}
