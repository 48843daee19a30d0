// Reads a built-in kind as the API server's Go types read it: wrong types are errors, unknown fields are dropped and named, null and
// empty mean absent. Two objects that mean the same are stored the same, and controllers that compare templates depend on that.
import { badRequest } from '../storage/status-error.ts';
import type { Json } from '../storage/values.ts';
import { isObject } from '../storage/values.ts';
import type { Field, Scalar, StructType, TypeRef } from './builtin-types.ts';
import { structType } from './builtin-types.ts';
import { canonicalQuantity } from './quantity.ts';

export interface Decoded {
  readonly value: Json;
  /** Paths such as `spec.template.spec.containers[0].imagee`. */
  readonly unknownFields: readonly string[];
}

interface Place {
  /** With indexes, as in messages about unknown fields. */
  readonly path: string;
  /** Without indexes, as Go names fields. */
  readonly goPath: string;
}

interface Context {
  readonly unknown: string[];
}

// Optional fields that Go keeps as values, not pointers: when zero they are left out. (Pointers keep a zero that was set.)
const omittedWhenZero = new Set([
  ...[
    'minReadySeconds',
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
    'hostPort',
    'nodePort',
    'healthCheckNodePort',
    'weight',
  ],
  ...[
    'observedGeneration',
    'readyReplicas',
    'availableReplicas',
    'updatedReplicas',
    'unavailableReplicas',
    'fullyLabeledReplicas',
    'terminatingReplicas',
    'currentReplicas',
  ],
  ...[
    'active',
    'succeeded',
    'failed',
    'generation',
    'count',
    'numberAvailable',
    'numberUnavailable',
    'updatedNumberScheduled',
  ],
  ...[
    'hostNetwork',
    'hostPID',
    'hostIPC',
    'stdin',
    'stdinOnce',
    'tty',
    'readOnly',
    'paused',
    'publishNotReadyAddresses',
    'unschedulable',
    'notReady',
    'ephemeral',
  ],
]);
// Optional strings that are pointers in Go, so that an empty one stays.
const keptWhenEmpty = new Set([
  'storageClassName',
  'ingressClassName',
  'loadBalancerClass',
  'holderIdentity',
  'nodeName',
  'appProtocol',
  'zone',
]);

const join = (place: Place, key: string): Place => ({
  path: place.path ? `${place.path}.${key}` : key,
  goPath: place.goPath ? `${place.goPath}.${key}` : key,
});

const jsonType = (v: unknown): string => (Array.isArray(v) ? 'array' : typeof v === 'boolean' ? 'bool' : typeof v);

const goType: Partial<Record<Scalar, string>> = {
  object: 'map[string]interface {}',
  any: 'interface {}',
  float64: 'float64',
  intstr: 'intstr.IntOrString',
};

function mismatch(value: unknown, struct: string, place: Place, type: string): Error {
  const got = typeof value === 'number' && type.startsWith('int') ? `number ${value}` : jsonType(value);
  return badRequest(`json: cannot unmarshal ${got} into Go struct field ${struct}.${place.goPath} of type ${type}`);
}

function goTypeName(type: TypeRef): string {
  if (type.is === 'scalar') return goType[type.scalar] ?? (type.scalar === 'time' ? 'time.Time' : type.scalar);
  if (type.is === 'list') return `[]${goTypeName(type.of)}`;
  if (type.is === 'map') return `map[string]${goTypeName(type.of)}`;
  return `v1.${type.name}`;
}

function scalar(value: Json, kind: Scalar, struct: string, place: Place): Json {
  const wrong = (): Error => mismatch(value, struct, place, goTypeName({ is: 'scalar', scalar: kind }));
  switch (kind) {
    case 'string':
    case 'bytes':
      if (typeof value !== 'string') throw wrong();
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw wrong();
      return value;
    case 'int32':
    case 'int64':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong();
      if (kind === 'int32' && (value > 2147483647 || value < -2147483648)) throw wrong();
      return value;
    case 'float64':
    case 'double':
      if (typeof value !== 'number') throw wrong();
      return value;
    case 'intstr':
      if (typeof value !== 'string' && !Number.isInteger(value)) throw wrong();
      return value;
    case 'quantity': {
      const canonical = typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(value) : undefined;
      if (canonical === undefined)
        throw badRequest("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
      return canonical;
    }
    case 'time':
      return time(value, struct, place);
    case 'microtime':
      if (typeof value !== 'string') throw wrong();
      return value;
    case 'object':
      if (!isObject(value)) throw wrong();
      return value;
    case 'any':
      return value;
    default:
      return kind satisfies never;
  }
}

function time(value: Json, struct: string, place: Place): string {
  if (typeof value !== 'string') throw mismatch(value, struct, place, 'time.Time');
  const ms = Date.parse(value);
  if (Number.isNaN(ms) || !/^\d{4}-\d\d-\d\dT/.test(value))
    throw badRequest(
      `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
    );
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function decodeValue(value: Json, type: TypeRef, struct: string, place: Place, context: Context): Json {
  switch (type.is) {
    case 'scalar':
      return scalar(value, type.scalar, struct, place);
    case 'struct':
      if (!isObject(value)) throw mismatch(value, struct, place, goTypeName(type));
      return decodeStruct(value, structType(type.name), place, context);
    case 'list':
      if (!Array.isArray(value)) throw mismatch(value, struct, place, goTypeName(type));
      return value.map((v, i) =>
        decodeValue(
          v ?? zeroOf(type.of),
          type.of,
          struct,
          { path: `${place.path}[${i}]`, goPath: place.goPath },
          context,
        ),
      );
    case 'map': {
      if (!isObject(value)) throw mismatch(value, struct, place, goTypeName(type));
      const out: Record<string, Json> = {};
      for (const [k, v] of Object.entries(value))
        out[k] = decodeValue(
          v ?? zeroOf(type.of),
          type.of,
          struct,
          { path: join(place, k).path, goPath: place.goPath },
          context,
        );
      return out;
    }
    default:
      return type satisfies never;
  }
}

function zeroOf(type: TypeRef): Json {
  if (type.is === 'struct' || type.is === 'map') return {};
  if (type.is === 'list') return [];
  if (type.scalar === 'string' || type.scalar === 'bytes') return '';
  if (type.scalar === 'bool') return false;
  return type.scalar === 'any' || type.scalar === 'object' ? null : 0;
}

function isEmpty(value: Json, field: Field, struct: string): boolean {
  if (field.required || field.zero !== undefined) return false;
  if (Array.isArray(value)) return value.length === 0;
  if (field.type.is === 'map') return Object.keys(value as object).length === 0;
  if (value === '')
    return !keptWhenEmpty.has(field.name) && !(field.name === 'name' && struct.endsWith('EndpointPort'));
  if (value === 0 || value === false) return omittedWhenZero.has(field.name);
  return false;
}

function decodeStruct(value: Record<string, Json>, type: StructType, place: Place, context: Context): Json {
  const out: Record<string, Json> = {};
  for (const key of Object.keys(value)) {
    const field = type.fields.get(key);
    const at = join(place, key);
    if (!field) {
      context.unknown.push(at.path);
      continue;
    }
    if (value[key] === null || value[key] === undefined) continue;
    const decoded = decodeValue(value[key], field.type, type.name, at, context);
    if (!isEmpty(decoded, field, type.name)) out[key] = decoded;
  }
  return out;
}

/** Throws StatusError 400 with Go's text when a type is wrong. */
export function decodeBuiltin(value: Record<string, Json>, type: StructType): Decoded {
  const unknown: string[] = [];
  const decoded = decodeStruct(value, type, { path: '', goPath: '' }, { unknown });
  return { value: decoded, unknownFields: unknown };
}
