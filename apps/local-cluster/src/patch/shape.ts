// How server-side apply merges a value: which lists are maps or sets, which are one value. Read from built-in types or a custom resource's schema.
import type { StructType, TypeRef } from '../schema/builtin-types.ts';
import { structType } from '../schema/builtin-types.ts';
import type { StructuralSchema } from '../schema/structural.ts';

export interface Shape {
  field(key: string): Shape | undefined;
  readonly items: Shape | undefined;
  /** Keys by which items are known, `'set'` for sets of scalars; undefined: the list is one value. */
  readonly list: readonly string[] | 'set' | undefined;
  readonly atomic: boolean;
}

const plain: Shape = { field: () => undefined, items: undefined, list: undefined, atomic: false };

export function structShape(type: StructType): Shape {
  return {
    ...plain,
    field(key) {
      const field = type.fields.get(key);
      return field && typeShape(field.type, field.mapKeys ?? (field.set ? 'set' : undefined));
    },
  };
}

function typeShape(type: TypeRef, list: Shape['list']): Shape {
  if (type.is === 'struct') return structShape(structType(type.name));
  if (type.is === 'list') return { ...plain, list, items: typeShape(type.of, undefined) };
  if (type.is === 'map') return { ...plain, field: () => typeShape(type.of, undefined) };
  return plain;
}

const metadataShape = structShape(structType('ObjectMeta'));

export function schemaShape(schema: StructuralSchema, root = false): Shape {
  const kind = schema['x-kubernetes-list-type'];
  return {
    field(key) {
      if (root && key === 'metadata') return metadataShape;
      const child =
        schema.properties?.[key] ??
        (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
      return child && schemaShape(child);
    },
    items: schema.items && schemaShape(schema.items),
    list: kind === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : kind === 'set' ? 'set' : undefined,
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
  };
}
