// Structural schemas of custom resources: what is kept (pruning), and what is filled in (defaults), in one walk.
import type { Json } from '../storage/values.ts';
import { copy, isObject } from '../storage/values.ts';

/** The part of OpenAPI v3 that a CustomResourceDefinition may use. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly items?: StructuralSchema;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly StructuralSchema[];
  readonly anyOf?: readonly StructuralSchema[];
  readonly oneOf?: readonly StructuralSchema[];
  readonly not?: StructuralSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'granular' | 'atomic';
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
}

export const joinPath = (path: string, key: string): string => (path ? `${path}.${key}` : key);

const objectMetaFields = new Set([
  ...[
    'name',
    'generateName',
    'namespace',
    'selfLink',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
  ],
  ...['deletionGracePeriodSeconds', 'labels', 'annotations', 'ownerReferences', 'finalizers', 'managedFields'],
]);

/**
 * `value` without the fields that the schema does not know and with its defaults; the same value when nothing changes.
 * Paths of dropped fields are added to `unknown`.
 */
export function pruneAndDefault(
  value: Json,
  schema: StructuralSchema,
  path: string,
  unknown: string[],
  root = false,
): Json {
  if (Array.isArray(value)) return pruneList(value, schema, path, unknown);
  if (!isObject(value)) return value;
  const resource = root || schema['x-kubernetes-embedded-resource'] === true;
  const out: Record<string, Json> = {};
  let changed = false;
  for (const key of Object.keys(value)) {
    const given = value[key];
    if (resource && (key === 'apiVersion' || key === 'kind' || key === 'metadata')) {
      out[key] = key === 'metadata' ? pruneMetadata(given, joinPath(path, key), unknown) : given;
      if (out[key] !== given) changed = true;
      continue;
    }
    const child = schemaOf(schema, key);
    if (child === undefined) {
      if (schema['x-kubernetes-preserve-unknown-fields'] || schema.additionalProperties === true) out[key] = given;
      else {
        unknown.push(joinPath(path, key));
        changed = true;
      }
      continue;
    }
    if (given === undefined || (given === null && !child.nullable)) {
      changed = true;
      continue;
    }
    const kept = pruneAndDefault(given, child, joinPath(path, key), unknown);
    if (kept !== given) changed = true;
    out[key] = kept;
  }
  if (fillDefaults(out, schema, path, unknown)) changed = true;
  return changed ? out : value;
}

function schemaOf(schema: StructuralSchema, key: string): StructuralSchema | undefined {
  const own = schema.properties;
  if (own && Object.hasOwn(own, key)) return own[key];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function fillDefaults(out: Record<string, Json>, schema: StructuralSchema, path: string, unknown: string[]): boolean {
  let filled = false;
  for (const key in schema.properties) {
    const child = schema.properties[key] as StructuralSchema;
    if (child.default === undefined || out[key] !== undefined) continue;
    out[key] = pruneAndDefault(copy(child.default), child, joinPath(path, key), unknown);
    filled = true;
  }
  return filled;
}

function pruneList(value: Json[], schema: StructuralSchema, path: string, unknown: string[]): Json {
  const { items } = schema;
  if (!items) return value;
  let changed = false;
  const out = value.map((v, i) => {
    const kept = pruneAndDefault(v, items, `${path}[${i}]`, unknown);
    if (kept !== v) changed = true;
    return kept;
  });
  return changed ? out : value;
}

function pruneMetadata(value: Json, path: string, unknown: string[]): Json {
  if (!isObject(value)) return value;
  const strange = Object.keys(value).filter((k) => !objectMetaFields.has(k));
  if (strange.length === 0) return value;
  const out = { ...value };
  for (const key of strange) {
    unknown.push(joinPath(path, key));
    delete out[key];
  }
  return out;
}
