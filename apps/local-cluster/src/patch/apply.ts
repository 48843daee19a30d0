// Server-side apply without ownership: what is applied is merged in, what the same manager applied before and applies no more is taken out
// (unless another manager applies it too), and nothing is ever a conflict.
import type { Json } from '../storage/values.ts';
import { equal, isObject } from '../storage/values.ts';
import type { Shape } from './shape.ts';

type Obj = Record<string, Json>;

interface Applied {
  /** What this manager applied last. */
  readonly before: Json;
  /** What other managers applied last. */
  readonly others: readonly Json[];
}

export function applyMerge(current: Json, next: Json, applied: Applied, shape: Shape | undefined): Json {
  if (isObject(next)) return shape?.atomic ? next : applyObject(isObject(current) ? current : {}, next, applied, shape);
  if (Array.isArray(next) && shape?.list) {
    const list: Json[] = Array.isArray(current) ? current : [];
    return shape.list === 'set' ? applySet(list, next, applied) : applyKeyed(list, next, applied, shape, shape.list);
  }
  return next;
}

const part = (applied: Applied, key: string): Applied => ({
  before: isObject(applied.before) ? applied.before[key] : undefined,
  others: applied.others.map((o) => (isObject(o) ? o[key] : undefined)),
});

function applyObject(current: Obj, next: Obj, applied: Applied, shape: Shape | undefined): Obj {
  const out: Obj = { ...current };
  if (isObject(applied.before))
    for (const key of Object.keys(applied.before))
      if (next[key] === undefined) dropField(out, key, part(applied, key), shape?.field(key));
  for (const key of Object.keys(next)) {
    if (next[key] === null) delete out[key];
    else out[key] = applyMerge(current[key], next[key], part(applied, key), shape?.field(key));
  }
  return out;
}

// A field that is applied no more goes, but not the parts of it that somebody else put there.
function dropField(out: Obj, key: string, applied: Applied, shape: Shape | undefined): void {
  if (applied.others.some((o) => o !== undefined)) return;
  const value = out[key];
  if (isObject(value) && isObject(applied.before) && !shape?.atomic) {
    const rest = applyObject(value, {}, applied, shape);
    if (Object.keys(rest).length > 0) out[key] = rest;
    else delete out[key];
  } else if (Array.isArray(value) && shape?.list) {
    const rest = applyMerge(value, [], applied, shape) as Json[];
    if (rest.length > 0) out[key] = rest;
    else delete out[key];
  } else delete out[key];
}

const listOf = (v: Json): Json[] => (Array.isArray(v) ? v : []);

function applySet(current: Json[], next: Json[], applied: Applied): Json[] {
  const has = (list: Json[], v: Json): boolean => list.some((x) => equal(x, v));
  const dropped = (v: Json): boolean =>
    has(listOf(applied.before), v) && !has(next, v) && !applied.others.some((o) => has(listOf(o), v));
  const kept = current.filter((v) => !dropped(v));
  return [...kept, ...next.filter((v) => !has(kept, v))];
}

// The protocol of a port is part of its key and usually left out.
const keyDefaults: Record<string, Json> = { protocol: 'TCP' };

function applyKeyed(current: Json[], next: Json[], applied: Applied, shape: Shape, keys: readonly string[]): Json[] {
  const same = (a: Json, b: Json): boolean =>
    keys.every((k) => equal(a?.[k] ?? keyDefaults[k], b?.[k] ?? keyDefaults[k]));
  const find = (list: Json, item: Json): Json => listOf(list).find((x) => same(x, item));
  const gone = (item: Json): boolean =>
    find(applied.before, item) !== undefined &&
    find(next, item) === undefined &&
    !applied.others.some((o) => find(o, item) !== undefined);
  const out = current.filter((item) => !gone(item));
  for (const item of next) {
    const at = out.findIndex((x) => same(x, item));
    const merged = applyMerge(
      at < 0 ? {} : out[at],
      item,
      { before: find(applied.before, item), others: applied.others.map((o) => find(o, item)) },
      shape.items,
    );
    if (at < 0) out.push(merged);
    else out[at] = merged;
  }
  return out;
}
