// One version of one custom resource: reading what a client sent, and judging it.
import type { FieldError } from '../storage/status-error.ts';
import type { KubeObject } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import { equal } from '../storage/values.ts';
import type { ScalePaths } from '../registry/resource.ts';
import { checkImmutable, hasRules, rulesNotChecked } from './immutable.ts';
import { readPath } from './field-path.ts';
import type { StructuralSchema } from './structural.ts';
import { pruneAndDefault } from './structural.ts';
import type { SchemaError } from './validate.ts';
import { validateSchema } from './validate.ts';

// Errors that keep the API server from evaluating rules at all.
const blocking = new Set(['FieldValueTypeInvalid', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany']);

export interface CustomResourceSchema {
  /** `object` pruned and with defaults; names of dropped fields in the order of their names. */
  read(object: Json): { object: KubeObject; unknownFields: string[] };
  /** `before`: what was found wrong already. */
  validate(object: KubeObject, old?: KubeObject, before?: readonly FieldError[]): FieldError[];
  validateStatus(object: KubeObject, old: KubeObject): FieldError[];
  readonly schema: StructuralSchema;
}

/** What an update did not touch is not held against it: rules may have become stricter since it was written. */
function touched(errors: SchemaError[], object: Json, old: Json | undefined): SchemaError[] {
  if (old === undefined) return errors;
  return errors.filter((e) => {
    const before = readPath(old, e.node);
    return before === undefined || !equal(before, readPath(object, e.node));
  });
}

function scaleErrors(object: KubeObject, scale: ScalePaths | undefined): FieldError[] {
  if (!scale) return [];
  const path = scale.specReplicas;
  const bad = (value: Json, text: string): FieldError[] => [
    { type: 'FieldValueInvalid', field: path, body: `Invalid value: ${JSON.stringify(value)}: ${text}` },
  ];
  const parent = readPath(object, path.slice(1, path.lastIndexOf('.')));
  if (parent !== undefined && (typeof parent !== 'object' || parent === null))
    return bad(
      0,
      `${path} accessor error: ${parent} is of the type ${goType(parent)}, expected map[string]interface{}`,
    );
  const value = readPath(object, path.slice(1));
  if (value === undefined) return [];
  if (!Number.isInteger(value))
    return bad(0, `${path} accessor error: ${value} is of the type ${goType(value)}, expected int64`);
  if (value > 2_147_483_647) return bad(value, 'should be less than or equal to 2147483647');
  return value < 0 ? bad(value, 'should be a non-negative integer') : [];
}

const goType = (v: Json): string => (typeof v === 'number' ? 'float64' : typeof v === 'boolean' ? 'bool' : typeof v);

export function customResourceSchema(schema: StructuralSchema, scale?: ScalePaths): CustomResourceSchema {
  const withRules = (
    errors: FieldError[],
    object: Json,
    old: Json | undefined,
    part: StructuralSchema,
    path: string,
  ): FieldError[] => {
    if (!hasRules(schema)) return errors;
    if (errors.some((e) => blocking.has(e.type))) return [...errors, rulesNotChecked];
    return old === undefined ? errors : [...errors, ...checkImmutable(object, old, part, path)];
  };
  return {
    schema,
    read(object) {
      const unknown: string[] = [];
      const kept = pruneAndDefault(object, schema, '', unknown, true) as KubeObject;
      return { object: kept, unknownFields: unknown.sort() };
    },
    validate(object, old, before = []) {
      const { apiVersion: _, kind: __, metadata: ___, ...content } = object;
      const errors: FieldError[] = [
        ...before,
        ...touched(validateSchema(content, schema, ''), object, old),
        ...scaleErrors(object, scale),
      ];
      return withRules(errors, object, old, schema, '');
    },
    validateStatus(object, old) {
      const status = schema.properties?.status;
      if (!status || object.status === undefined) return [];
      const errors = touched(validateSchema(object.status, status, 'status', 'status.'), object, old);
      return withRules(errors, object.status, old.status, status, 'status');
    },
  };
}
