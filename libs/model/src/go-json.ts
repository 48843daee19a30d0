import { canonicalQuantity, formatQuantity, parseQuantity } from './quantity.ts';

// Writes JSON as Go's encoder writes typed objects: fields in the order of their declaration, empty ones omitted or
// not as declared, map keys sorted, unknown fields dropped. Hashes of the API are hashes of such text.

/**
 * Struct name → its fields, separated by spaces, each `name:type` in the order of declaration.
 * `name?` is omitted when empty (Go's omitempty), `name??` when zero even if it is a struct (omitzero).
 * Types: string, int, bool, IntOrString, Quantity, Time, any, a struct's name; `*T` pointer, `[]T` list, `{}T` map.
 */
export type StructLayouts = Readonly<Record<string, string>>;

type Omission = 'never' | 'empty' | 'zero';
type Scalar = 'string' | 'int' | 'bool' | 'IntOrString' | 'Quantity' | 'Time' | 'any';
type GoType =
  | { readonly shape: 'scalar'; readonly scalar: Scalar }
  | { readonly shape: 'struct'; readonly name: string }
  | { readonly shape: 'pointer' | 'list' | 'map'; readonly of: GoType };

interface Field {
  readonly name: string;
  readonly omission: Omission;
  readonly type: GoType;
}

const scalars: ReadonlySet<string> = new Set(['string', 'int', 'bool', 'IntOrString', 'Quantity', 'Time', 'any']);

const parseType = (text: string): GoType => {
  if (text.startsWith('*')) return { shape: 'pointer', of: parseType(text.slice(1)) };
  if (text.startsWith('[]')) return { shape: 'list', of: parseType(text.slice(2)) };
  if (text.startsWith('{}')) return { shape: 'map', of: parseType(text.slice(2)) };
  return scalars.has(text) ? { shape: 'scalar', scalar: text as Scalar } : { shape: 'struct', name: text };
};

const parseField = (text: string): Field => {
  const colon = text.indexOf(':');
  const declared = text.slice(0, colon);
  const name = declared.replace(/\?+$/, '');
  const marks = declared.length - name.length;
  return {
    name,
    omission: marks === 0 ? 'never' : marks === 1 ? 'empty' : 'zero',
    type: parseType(text.slice(colon + 1)),
  };
};

const byCodePoint = (a: string, b: string): number => {
  for (let i = 0; i < a.length && i < b.length;) {
    const [left = 0, right = 0] = [a.codePointAt(i), b.codePointAt(i)];
    if (left !== right) return left - right;
    i += left > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
};

const goEscapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

const writeText = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029]/g, (character) => goEscapes[character] ?? character);

const writeAny = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(writeAny).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => byCodePoint(a, b));
    return `{${members.map(([key, member]) => `${writeText(key)}:${writeAny(member)}`).join(',')}}`;
  }
  return typeof value === 'string' ? writeText(value) : JSON.stringify(value ?? null);
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `bytes` is Go's text; `value` is one text for all that mean the same: quantities by amount, null lists as empty. */
export type Comparison = 'bytes' | 'value';

export interface GoEncoder {
  /** JSON of a value of the struct with that name; what is absent is written as Go's zero. */
  encode(struct: string, value: unknown): string;
}

const isEmptyScalar = (scalar: Scalar, value: unknown): boolean => {
  switch (scalar) {
    case 'string':
      return value === undefined || value === '';
    case 'int':
      return value === undefined || value === 0;
    case 'bool':
      return value === undefined || value === false;
    case 'any':
      return value === undefined;
    case 'IntOrString':
    case 'Quantity':
    case 'Time':
      return false; // Structs in Go, which omitempty never omits.
  }
};

const isEmpty = (type: GoType, value: unknown): boolean => {
  switch (type.shape) {
    case 'scalar':
      return isEmptyScalar(type.scalar, value);
    case 'pointer':
      return value === undefined;
    case 'list':
      return !Array.isArray(value) || value.length === 0;
    case 'map':
      return !isObject(value) || Object.keys(value).length === 0;
    case 'struct':
      return false;
  }
};

const writeQuantity = (value: unknown, comparison: Comparison): string => {
  if (typeof value !== 'string' && typeof value !== 'number') return '"0"';
  if (comparison === 'bytes') return writeText(canonicalQuantity(value));
  const quantity = parseQuantity(value);
  return writeText(quantity === undefined ? String(value) : formatQuantity({ nano: quantity.nano, format: 'decimal' }));
};

const writeScalar = (scalar: Scalar, value: unknown, comparison: Comparison): string => {
  switch (scalar) {
    case 'string':
      return writeText(typeof value === 'string' ? value : '');
    case 'int':
      return typeof value === 'number' ? String(value) : '0';
    case 'bool':
      return value === true ? 'true' : 'false';
    case 'IntOrString':
      return typeof value === 'string' ? writeText(value) : typeof value === 'number' ? String(value) : '0';
    case 'Quantity':
      return writeQuantity(value, comparison);
    case 'Time':
      return typeof value === 'string' ? writeText(value) : 'null';
    case 'any':
      return writeAny(value);
  }
};

/** An encoder for the given structs. Throws when a layout names a struct that has none: the tables are then broken. */
export const createGoEncoder = (layouts: StructLayouts, comparison: Comparison = 'bytes'): GoEncoder => {
  const structs = new Map(
    Object.entries(layouts).map(([name, fields]) => [name, fields.split(' ').map(parseField)] as const),
  );

  const writeStruct = (name: string, value: unknown): string => {
    const fields = structs.get(name);
    if (fields === undefined) throw new Error(`No layout for the struct ${name}: add it to the layout table.`);
    const object = isObject(value) ? value : {};
    const members: string[] = [];
    for (const field of fields) {
      // Go's decoder leaves a field as it is when it reads null: null is absent.
      const member = (Object.hasOwn(object, field.name) ? object[field.name] : undefined) ?? undefined;
      if (field.omission === 'zero' && member === undefined) continue;
      if (field.omission !== 'never' && isEmpty(field.type, member)) continue;
      members.push(`"${field.name}":${write(field.type, member)}`);
    }
    return `{${members.join(',')}}`;
  };

  const writeMap = (of: GoType, value: Record<string, unknown>): string =>
    `{${Object.keys(value)
      .sort(byCodePoint)
      .map((key) => `${writeText(key)}:${write(of, value[key] ?? undefined)}`)
      .join(',')}}`;

  const write = (type: GoType, value: unknown): string => {
    switch (type.shape) {
      case 'scalar':
        return writeScalar(type.scalar, value, comparison);
      case 'struct':
        return writeStruct(type.name, value);
      case 'pointer':
        return value === undefined ? 'null' : write(type.of, value);
      case 'list':
        if (Array.isArray(value)) return `[${value.map((item) => write(type.of, item ?? undefined)).join(',')}]`;
        return comparison === 'bytes' ? 'null' : '[]';
      case 'map':
        if (isObject(value)) return writeMap(type.of, value);
        return comparison === 'bytes' ? 'null' : '{}';
    }
  };

  return { encode: writeStruct };
};
