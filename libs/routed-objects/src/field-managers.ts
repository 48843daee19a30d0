import type { KubeObject } from '@sluice/kube';

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
}

/**
 * Name of the last one besides `own` that wrote the object itself (not its status), where the server records it and it is not older than the last write of
 * `own`; undefined when `own` has never written, since then nobody has undone anything.
 */
export function laterWriter(object: KubeObject, own: string): string | undefined {
  const entries = entriesOf(object);
  const mine = latest(entries.filter((entry) => entry.manager === own));
  if (mine === undefined) return undefined;
  const other = latest(entries.filter((entry) => entry.manager !== own));
  // Times have whole seconds: an undoing in the second of our own write counts as later.
  return other !== undefined && timeOf(other) >= timeOf(mine) ? other.manager : undefined;
}

/** Name of the last one besides `own` that wrote the object, at any time. */
export function otherWriter(object: KubeObject, own: string): string | undefined {
  return latest(entriesOf(object).filter((entry) => entry.manager !== own))?.manager;
}

/** False where the server records who has written an object and `manager` is not among them: then nothing in it can be given back. */
export function mayBeWrittenBy(object: KubeObject, manager: string): boolean {
  const { managedFields } = object.metadata as { readonly managedFields?: unknown };
  return !Array.isArray(managedFields) || entriesOf(object).some((entry) => entry.manager === manager);
}

function entriesOf(object: KubeObject): readonly ManagedFields[] {
  const { managedFields } = object.metadata as { readonly managedFields?: unknown };
  if (!Array.isArray(managedFields)) return [];
  return (managedFields as readonly ManagedFields[]).filter((entry) => (entry.subresource ?? '') === '');
}

function latest(entries: readonly ManagedFields[]): ManagedFields | undefined {
  return entries.reduce<ManagedFields | undefined>(
    (last, entry) => (last === undefined || timeOf(entry) >= timeOf(last) ? entry : last),
    undefined,
  );
}

function timeOf(entry: ManagedFields): number {
  const time = Date.parse(entry.time ?? '');
  return Number.isNaN(time) ? 0 : time;
}
