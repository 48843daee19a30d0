// Immutable JSON values: objects in the store are deeply frozen, and a new version shares every part that did not change with the old one.

/** A JSON value that nobody narrowed yet. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export const isObject = (v: unknown): v is Record<string, Json> =>
  typeof v === 'object' && v !== null && !Array.isArray(v);

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (const v of value) deepFreeze(v);
  else for (const k in value) deepFreeze(value[k]);
  return value;
}

/** A mutable copy. Leaves out `undefined`, as JSON does. */
export function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((v) => copy(v)) as T;
  const out: Record<string, unknown> = {};
  for (const k in value) {
    const v = value[k];
    if (v !== undefined) out[k] = copy(v);
  }
  return out as T;
}

/**
 * `next`, with every part that equals the same part of `previous` replaced by that part. Returns `previous` itself when nothing differs,
 * so `share(a, b) === a` is also the test for equality. `undefined` properties count as absent.
 */
export function share<T>(previous: T | undefined, next: T): T {
  if (previous === next || typeof next !== 'object' || next === null) return next;
  if (Array.isArray(next)) return shareArray(previous, next);
  const before: Record<string, unknown> = isObject(previous) ? previous : {};
  const out: Record<string, unknown> = {};
  let same = isObject(previous);
  let size = 0;
  for (const k in next) {
    const v = next[k] as unknown;
    if (v === undefined) continue;
    size++;
    const shared = share(before[k], v);
    out[k] = shared;
    if (same && (shared !== before[k] || !(k in before))) same = false;
  }
  return same && size === Object.keys(before).length ? (previous as T) : (out as T);
}

function shareArray<T>(previous: unknown, next: T & unknown[]): T {
  const before: unknown[] = Array.isArray(previous) ? previous : [];
  let same = Array.isArray(previous) && before.length === next.length;
  const out = next.map((v, i) => {
    const shared = share(before[i], v);
    if (shared !== before[i]) same = false;
    return shared;
  });
  return same ? (previous as T) : (out as T);
}

export const equal = (a: unknown, b: unknown): boolean => share(a, b) === a;
