// Strategic merge patches: merge patches that know which lists are keyed. The types say so (`patch:` and `key:` in builtin-types.json).
import { badRequest } from '../storage/status-error.ts';
import type { Json } from '../storage/values.ts';
import { equal, isObject } from '../storage/values.ts';
import type { Field, StructType, TypeRef } from '../schema/builtin-types.ts';
import { structType } from '../schema/builtin-types.ts';

type Obj = Record<string, Json>;

const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

const structOf = (type: TypeRef | undefined): StructType | undefined =>
  type?.is === 'struct' ? structType(type.name) : undefined;

/** `original` with `patch` merged in; neither is changed. Throws 400 for a directive that cannot be read. */
export function strategicMerge(original: Json, patch: Json, type: StructType | undefined): Json {
  if (!isObject(patch)) return patch;
  const directive = patch.$patch;
  if (directive === 'replace') return clean({ ...patch }, type);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge')
    throw badRequest(`unknown patch type "${directive}" found in patch: use replace, merge or delete`);
  let out: Obj = isObject(original) ? { ...original } : {};
  if (patch.$retainKeys !== undefined) out = retain(out, patch.$retainKeys);
  for (const key of Object.keys(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_FROM)) {
      const name = key.slice(DELETE_FROM.length);
      if (Array.isArray(out[name]))
        out[name] = out[name].filter((v: Json) => !(patch[key] as Json[]).some((d) => equal(d, v)));
      continue;
    }
    const value = patch[key];
    if (value === null) {
      delete out[key];
      continue;
    }
    out[key] = mergeField(out[key], value, type?.fields.get(key), patch[ORDER + key]);
  }
  for (const key of Object.keys(patch))
    if (key.startsWith(ORDER) && patch[key.slice(ORDER.length)] === undefined)
      reorder(out, key.slice(ORDER.length), patch[key], type);
  return out;
}

function retain(object: Obj, keys: Json): Obj {
  if (!Array.isArray(keys)) throw badRequest('$retainKeys must be a list of field names');
  return Object.fromEntries(Object.entries(object).filter(([k]) => keys.includes(k)));
}

function mergeField(original: Json, value: Json, field: Field | undefined, order: Json): Json {
  if (isObject(value)) {
    const type = structOf(field?.type);
    if (field?.replace) return clean({ ...value }, type);
    return strategicMerge(isObject(original) ? original : {}, value, type);
  }
  if (!Array.isArray(value) || !field?.merge) return value;
  const before: Json[] = Array.isArray(original) ? original : [];
  if (!field.mergeKey) return mergePrimitives(before, value, order);
  return mergeKeyed(
    before,
    value,
    field.mergeKey,
    structOf(field.type.is === 'list' ? field.type.of : undefined),
    order,
  );
}

function mergePrimitives(before: Json[], added: Json[], order: Json): Json[] {
  const out = [...before, ...added.filter((v) => !before.some((b) => equal(b, v)))];
  return ordered(out, before, Array.isArray(order) ? order : added, (v) => v);
}

function mergeKeyed(before: Json[], patch: Json[], key: string, type: StructType | undefined, order: Json): Json[] {
  if (patch.some((p) => isObject(p) && p.$patch === 'replace' && p[key] === undefined)) {
    return patch.filter((p) => !(p.$patch === 'replace' && p[key] === undefined)).map((p) => clean({ ...p }, type));
  }
  let out = [...before];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const same = (v: Json): boolean => equal(v?.[key], item[key]);
    if (item.$patch === 'delete') {
      out = out.filter((v) => !same(v));
      continue;
    }
    const at = out.findIndex(same);
    const merged = strategicMerge(at < 0 ? {} : out[at], item, type);
    if (at < 0) out.push(merged);
    else out[at] = merged;
  }
  const keys = (Array.isArray(order) ? order : patch.filter((p) => p.$patch !== 'delete')).map((o) => o?.[key]);
  return ordered(out, before, keys, (v) => v?.[key]);
}

/**
 * The items that `order` names, in its order, and the others in theirs. Where the two meet, an item of the others comes first only if it was
 * in front of the other before.
 */
function ordered(items: Json[], before: Json[], order: Json[], keyOf: (v: Json) => Json): Json[] {
  const named = order.flatMap((k) => items.filter((v) => equal(keyOf(v), k)));
  const others = items.filter((v) => !named.includes(v));
  const place = (v: Json): number => before.findIndex((b) => equal(keyOf(b), keyOf(v)));
  const out: Json[] = [];
  while (named.length > 0 && others.length > 0) {
    const [other, name] = [place(others[0]), place(named[0])];
    out.push(other >= 0 && name >= 0 && other < name ? others.shift() : named.shift());
  }
  return [...out, ...others, ...named];
}

function reorder(out: Obj, name: string, order: Json, type: StructType | undefined): void {
  const list = out[name];
  const field = type?.fields.get(name);
  if (!Array.isArray(list) || !Array.isArray(order)) return;
  const key = field?.mergeKey;
  out[name] = ordered(list, list, key ? order.map((o) => o?.[key]) : order, (v) => (key ? v?.[key] : v));
}

/** A part of the patch that becomes content as it is: without directives. */
function clean(value: Obj, type: StructType | undefined): Json {
  delete value.$patch;
  return strategicMerge({}, value, type);
}
