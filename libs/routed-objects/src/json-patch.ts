import { sameJson } from '@sluice/kube';

/** One operation of RFC 6902. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * A JSON patch that turns `from` into `to` and names only what differs, so that neighbours are not part of the request: an entry put into a list, or taken
 * from it, leaves the other entries unmentioned. Empty when both are the same JSON. `undefined` and `null` fields count as absent.
 */
export function jsonPatchBetween(from: object, to: object): readonly JsonPatchOperation[] {
  return differences(from, to, '');
}

function differences(from: unknown, to: unknown, path: string): readonly JsonPatchOperation[] {
  if (sameJson(from, to)) return [];
  if (Array.isArray(from) && Array.isArray(to)) return listDifferences(from, to, path);
  if (isFields(from) && isFields(to)) return fieldDifferences(from, to, path);
  return [{ op: 'replace', path, value: to }];
}

function fieldDifferences(from: Fields, to: Fields, path: string): JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = [];
  for (const key of Object.keys(from))
    if (isAbsent(to[key]) && !isAbsent(from[key])) operations.push({ op: 'remove', path: at(path, key) });
  for (const [key, value] of Object.entries(to)) {
    if (isAbsent(value)) continue;
    if (!(key in from)) operations.push({ op: 'add', path: at(path, key), value });
    else operations.push(...differences(from[key], value, at(path, key)));
  }
  return operations;
}

function listDifferences(
  from: readonly unknown[],
  to: readonly unknown[],
  path: string,
): readonly JsonPatchOperation[] {
  const shorter = Math.min(from.length, to.length);
  let start = 0;
  while (start < shorter && sameJson(from[start], to[start])) start++;
  let end = 0;
  while (end < shorter - start && sameJson(from[from.length - 1 - end], to[to.length - 1 - end])) end++;
  const before = from.slice(start, from.length - end);
  const after = to.slice(start, to.length - end);
  // Entries are put in at one end of the stretch that differs; which end mentions less is what the change was meant as.
  const atEnd = aligned(before, after, path, start, 'start');
  if (before.length === after.length) return atEnd;
  const atStart = aligned(before, after, path, start, 'end');
  return JSON.stringify(atStart).length < JSON.stringify(atEnd).length ? atStart : atEnd;
}

/** Compares two stretches entry by entry from one side; what is left over on the other side is added or removed. */
function aligned(
  before: readonly unknown[],
  after: readonly unknown[],
  path: string,
  offset: number,
  side: 'start' | 'end',
): readonly JsonPatchOperation[] {
  const shared = Math.min(before.length, after.length);
  const [extraBefore, extraAfter] = [before.length - shared, after.length - shared];
  const first = side === 'start' ? offset + shared : offset;
  const operations: JsonPatchOperation[] = [];
  for (let index = extraBefore - 1; index >= 0; index--)
    operations.push({ op: 'remove', path: at(path, String(first + index)) });
  for (let index = 0; index < extraAfter; index++) {
    const value = after[side === 'start' ? shared + index : index];
    operations.push({ op: 'add', path: at(path, String(first + index)), value });
  }
  for (let index = 0; index < shared; index++) {
    const [old, wanted] = side === 'start' ? [index, index] : [extraBefore + index, extraAfter + index];
    operations.push(...differences(before[old], after[wanted], at(path, String(offset + wanted))));
  }
  return operations;
}

function at(path: string, key: string): string {
  return `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
