// The types of the built-in kinds, read from src/registry/builtin-types.json (generated from a real API server's OpenAPI documents).
import data from '../registry/builtin-types.json' with { type: 'json' };
import type { Json } from '../storage/values.ts';

export type Scalar =
  | 'string'
  | 'bytes'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'double'
  | 'bool'
  | 'time'
  | 'microtime'
  | 'quantity'
  | 'intstr'
  | 'any'
  | 'object';

export type TypeRef =
  | { readonly is: 'scalar'; readonly scalar: Scalar }
  | { readonly is: 'struct'; readonly name: string }
  | { readonly is: 'list'; readonly of: TypeRef }
  | { readonly is: 'map'; readonly of: TypeRef };

export interface Field {
  readonly name: string;
  readonly type: TypeRef;
  readonly required: boolean;
  readonly enum: readonly string[] | undefined;
  /** What Go writes for a field that is not set; undefined where it leaves the field out. */
  readonly zero: Json | undefined;
  /** Strategic merge patch. */
  readonly merge: boolean;
  readonly retainKeys: boolean;
  readonly replace: boolean;
  readonly mergeKey: string | undefined;
  /** Server-side apply: the keys by which items of a list are known. */
  readonly mapKeys: readonly string[] | undefined;
  readonly set: boolean;
}

export interface StructType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
}

const scalars = new Set<string>([
  'string',
  'bytes',
  'int32',
  'int64',
  'float64',
  'double',
  'bool',
  'time',
  'microtime',
  'quantity',
  'intstr',
  'any',
  'object',
]);

function parseType(text: string): TypeRef {
  if (text.startsWith('[]')) return { is: 'list', of: parseType(text.slice(2)) };
  if (text.startsWith('{}')) return { is: 'map', of: parseType(text.slice(2)) };
  return scalars.has(text) ? { is: 'scalar', scalar: text as Scalar } : { is: 'struct', name: text };
}

/** For example `[]ContainerPort patch:merge key:containerPort map:containerPort,protocol`. */
function parseField(name: string, line: string): Field {
  const [type = 'any', ...words] = line.split(' ');
  const value = (prefix: string): string | undefined => words.find((w) => w.startsWith(prefix))?.slice(prefix.length);
  const strategies = value('patch:')?.split(',') ?? [];
  const zero = value('default:');
  return {
    name,
    type: parseType(type),
    required: words.includes('required'),
    enum: value('enum:')?.split('|'),
    zero: zero === undefined ? undefined : (JSON.parse(zero) as Json),
    merge: strategies.includes('merge'),
    retainKeys: strategies.includes('retainKeys'),
    replace: strategies.includes('replace'),
    mergeKey: value('key:'),
    mapKeys: value('map:')?.split(','),
    set: words.includes('set'),
  };
}

const lines = data.types as Record<string, Record<string, string>>;
const kinds = data.kinds as Record<string, string>;
const fullNames = data.names as Record<string, string>;
const parsed = new Map<string, StructType>();

export function structType(name: string): StructType {
  let type = parsed.get(name);
  if (!type) {
    const fields = lines[name];
    if (!fields)
      throw new Error(`src/registry/builtin-types.json has no type ${name}: run tools/generate-builtin-types.ts again`);
    type = { name, fields: new Map(Object.entries(fields).map(([key, line]) => [key, parseField(key, line)])) };
    parsed.set(name, type);
  }
  return type;
}

/** The type of a built-in kind; undefined for custom resources. */
export function builtinType(group: string, kind: string): StructType | undefined {
  const name = kinds[`${group}/${kind}`];
  return name === undefined ? undefined : structType(name);
}

export const allTypeNames = (): readonly string[] => Object.keys(lines);

/** `io.k8s.api.core.v1.Pod` for `Pod`, as OpenAPI documents name it. */
export const openApiName = (name: string): string => fullNames[name] ?? name;
