import type { TSchema } from '@sinclair/typebox';
import { kinds } from './api/kinds.ts';
import type { KindName } from './api/kinds.ts';

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Applies `change` to the members and keeps the object itself if none of them changed. */
const mapMembers = (object: Fields, change: (key: string, member: unknown) => unknown): Fields => {
  let changed = false;
  const members: Fields = {};
  for (const [key, member] of Object.entries(object)) {
    const next = change(key, member);
    changed ||= next !== member;
    if (next !== undefined) members[key] = next;
  }
  return changed ? members : object;
};

const clean = (schema: TSchema | undefined, value: unknown): unknown => {
  if (schema === undefined) return value;
  const properties = schema['properties'] as Record<string, TSchema> | undefined;
  const values = schema['additionalProperties'] as TSchema | undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => clean(schema['items'] as TSchema | undefined, item));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isFields(value) || (properties === undefined && values === undefined)) return value;
  return mapMembers(value, (key, member) => {
    const known = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : values;
    return member === null && known !== undefined ? undefined : clean(known, member);
  });
};

/**
 * An object of ours without members that are null: Go clients write null for what is not set, and the types of this
 * library know only absence. What belongs to plugins, Jobs and pod specs stays as it is. Returns the same object when
 * there is nothing to drop, so that identity may serve as a key of memos.
 */
export const withoutNulls = <Kind extends object>(kind: KindName, object: Kind): Kind =>
  clean(kinds[kind].schema, object) as Kind;
