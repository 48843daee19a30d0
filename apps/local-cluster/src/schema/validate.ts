// Checks custom resources against their structural schema, with the API server's own texts.
import type { FieldError } from '../storage/status-error.ts';
import type { Json } from '../storage/values.ts';
import { equal, isObject } from '../storage/values.ts';
import { hasFormat } from './formats.ts';
import type { StructuralSchema } from './structural.ts';
import { joinPath } from './structural.ts';

/** A failed check. `node` is the path of the value that was checked: the error of a value that an update left as it was is not held against it. */
export interface SchemaError extends FieldError {
  readonly node: string;
}

const shown = (v: Json): string => JSON.stringify(v) ?? 'null';

function typeOf(v: Json): string {
  if (v === null) return 'null';
  if (Array.isArray(v)) return 'array';
  if (typeof v === 'number') return Number.isInteger(v) ? 'integer' : 'number';
  return typeof v;
}

/** Paths in messages leave out `prefix`: a write to the status subresource is checked as if `status` were the root. */
export function validateSchema(value: Json, schema: StructuralSchema, path: string, prefix = ''): SchemaError[] {
  const errors: SchemaError[] = [];
  const context: Context = { errors, prefix };
  check(value, schema, path, context);
  listTypes(value, schema, path, context);
  return errors;
}

interface Context {
  readonly errors: SchemaError[];
  readonly prefix: string;
}

const inBody = (path: string, c: Context): string =>
  `${c.prefix && path.startsWith(c.prefix) ? path.slice(c.prefix.length) : path} in body`;

function add(c: Context, path: string, type: SchemaError['type'], body: string, node = path): void {
  c.errors.push({ type, field: path, body, node });
}

const invalidValue = (c: Context, path: string, value: Json, text: string): void =>
  add(c, path, 'FieldValueInvalid', `Invalid value: ${shown(value)}: ${inBody(path, c)} ${text}`);

function check(value: Json, schema: StructuralSchema, path: string, c: Context): void {
  if (value === null && schema.nullable) return;
  checkType(value, schema, path, c);
  checkCombinations(value, schema, path, c);
  if (typeof value === 'string') checkString(value, schema, path, c);
  else if (typeof value === 'number') checkNumber(value, schema, path, c);
  else if (Array.isArray(value)) checkList(value, schema, path, c);
  checkEnum(value, schema, path, c);
  if (isObject(value)) checkObject(value, schema, path, c);
}

function checkType(value: Json, schema: StructuralSchema, path: string, c: Context): void {
  const actual = typeOf(value);
  const wanted = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : schema.type ? [schema.type] : undefined;
  if (!wanted) return;
  const fits = wanted.includes(actual) || (actual === 'integer' && wanted.includes('number'));
  if (!fits)
    add(
      c,
      path,
      'FieldValueTypeInvalid',
      `Invalid value: "${actual}": ${inBody(path, c)} must be of type ${wanted.join(',')}: "${actual}"`,
    );
}

function passes(value: Json, schema: StructuralSchema, path: string, c: Context): SchemaError[] {
  const errors: SchemaError[] = [];
  check(value, schema, path, { errors, prefix: c.prefix });
  return errors;
}

function checkCombinations(value: Json, schema: StructuralSchema, path: string, c: Context): void {
  const whole = (text: string): void =>
    add(c, '<nil>', 'FieldValueInvalid', `Invalid value: "": "${path}" ${text}`, path);
  if (schema.anyOf && !schema['x-kubernetes-int-or-string']) {
    const results = schema.anyOf.map((s) => passes(value, s, path, c));
    if (!results.some((r) => r.length === 0)) {
      whole('must validate at least one schema (anyOf)');
      c.errors.push(...(results[0] ?? []));
    }
  }
  if (schema.oneOf) {
    const results = schema.oneOf.map((s) => passes(value, s, path, c));
    const held = results.filter((r) => r.length === 0).length;
    if (held === 0) {
      whole('must validate one and only one schema (oneOf). Found none valid');
      c.errors.push(...(results[0] ?? []));
    } else if (held > 1) whole(`must validate one and only one schema (oneOf). Found ${held} valid alternatives`);
  }
  if (schema.allOf) {
    const results = schema.allOf.map((s) => passes(value, s, path, c));
    if (results.some((r) => r.length > 0)) {
      whole(`must validate all the schemas (allOf)${results.every((r) => r.length > 0) ? '. None validated' : ''}`);
      for (const r of results) c.errors.push(...r);
    }
  }
  if (schema.not && passes(value, schema.not, path, c).length === 0) whole('must not validate the schema (not)');
}

function checkString(value: string, schema: StructuralSchema, path: string, c: Context): void {
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength)
    add(c, path, 'FieldValueTooLong', `Too long: may not be more than ${schema.maxLength} bytes`);
  if (schema.minLength !== undefined && length < schema.minLength)
    invalidValue(c, path, value, `should be at least ${schema.minLength} chars long`);
  if (schema.pattern !== undefined && !patternOf(schema.pattern).test(value))
    invalidValue(c, path, value, `should match '${schema.pattern}'`);
  if (schema.format && !hasFormat(value, schema.format))
    add(
      c,
      path,
      'FieldValueTypeInvalid',
      `Invalid value: ${shown(value)}: ${inBody(path, c)} must be of type ${schema.format}: ${shown(value)}`,
    );
}

const patterns = new Map<string, RegExp>();

function patternOf(pattern: string): RegExp {
  let regexp = patterns.get(pattern);
  if (!regexp) patterns.set(pattern, (regexp = new RegExp(pattern)));
  return regexp;
}

function checkNumber(value: number, schema: StructuralSchema, path: string, c: Context): void {
  const { multipleOf, minimum, maximum } = schema;
  if (multipleOf !== undefined && !Number.isInteger(Number((value / multipleOf).toPrecision(12))))
    invalidValue(c, path, value, `should be a multiple of ${multipleOf}`);
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum))
    invalidValue(c, path, value, `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum))
    invalidValue(c, path, value, `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
}

function checkList(value: Json[], schema: StructuralSchema, path: string, c: Context): void {
  const { items, minItems, maxItems } = schema;
  if (items) value.forEach((v, i) => check(v, items, `${path}[${i}]`, c));
  if (minItems !== undefined && value.length < minItems)
    invalidCount(c, path, value.length, `should have at least ${minItems} items`);
  if (maxItems !== undefined && value.length > maxItems) tooMany(c, path, value.length, maxItems);
}

const invalidCount = (c: Context, path: string, count: number, text: string): void =>
  invalidValue(c, path, count, text);

const tooMany = (c: Context, path: string, count: number, limit: number): void =>
  add(c, path, 'FieldValueTooMany', `Too many: ${count}: must have at most ${limit} items`);

function checkEnum(value: Json, schema: StructuralSchema, path: string, c: Context): void {
  if (!schema.enum || schema.enum.some((e) => equal(e, value))) return;
  add(
    c,
    path,
    'FieldValueNotSupported',
    `Unsupported value: ${shown(value)}: supported values: ${schema.enum.map(shown).join(', ')}`,
  );
}

function checkObject(value: Record<string, Json>, schema: StructuralSchema, path: string, c: Context): void {
  const size = Object.keys(value).length;
  if (schema.minProperties !== undefined && size < schema.minProperties)
    invalidCount(c, path, size, `should have at least ${schema.minProperties} properties`);
  if (schema.maxProperties !== undefined && size > schema.maxProperties) tooMany(c, path, size, schema.maxProperties);
  const required = schema['x-kubernetes-embedded-resource']
    ? ['apiVersion', 'kind', ...(schema.required ?? [])]
    : (schema.required ?? []);
  for (const key of required)
    if (value[key] === undefined) add(c, joinPath(path, key), 'FieldValueRequired', 'Required value', path);
  for (const key of Object.keys(value)) {
    const child = childSchema(schema, key);
    if (child) check(value[key], child, joinPath(path, key), c);
  }
}

export function childSchema(schema: StructuralSchema, key: string): StructuralSchema | undefined {
  const own = schema.properties;
  if (own && Object.hasOwn(own, key)) return own[key];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** Sets and maps written as lists: no item may come twice. */
function listTypes(value: Json, schema: StructuralSchema, path: string, c: Context): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    const kind = schema['x-kubernetes-list-type'];
    if (kind === 'set' || kind === 'map')
      duplicates(value, kind === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : undefined, path, c);
    if (items && hasNestedLists(items)) value.forEach((v, i) => listTypes(v, items, `${path}[${i}]`, c));
  } else if (isObject(value)) {
    if (!hasNestedLists(schema)) return;
    for (const key of Object.keys(value)) {
      const child = childSchema(schema, key);
      if (child) listTypes(value[key], child, joinPath(path, key), c);
    }
  }
}

function duplicates(value: Json[], keys: readonly string[] | undefined, path: string, c: Context): void {
  const seen = new Set<string>();
  value.forEach((item, i) => {
    if (keys && !isObject(item)) return;
    const identity = shown(
      keys ? Object.fromEntries(keys.filter((k) => item[k] !== undefined).map((k) => [k, item[k]])) : item,
    );
    if (seen.has(identity)) add(c, `${path}[${i}]`, 'FieldValueDuplicate', `Duplicate value: ${identity}`, path);
    seen.add(identity);
  });
}

const nested = new WeakMap<StructuralSchema, boolean>();

function hasNestedLists(schema: StructuralSchema): boolean {
  let known = nested.get(schema);
  if (known === undefined) {
    const kind = schema['x-kubernetes-list-type'];
    const children = [
      ...Object.values(schema.properties ?? {}),
      schema.items,
      typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined,
    ];
    known = kind === 'set' || kind === 'map' || children.some((s) => s !== undefined && hasNestedLists(s));
    nested.set(schema, known);
  }
  return known;
}
