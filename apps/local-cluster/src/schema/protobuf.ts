// Reads built-in kinds that arrive as protobuf, as kubectl's typed commands send them. Nothing is ever answered in protobuf.
import { Buffer } from 'node:buffer';
import wire from '../registry/builtin-wire.json' with { type: 'json' };
import { badRequest } from '../storage/status-error.ts';
import type { Json } from '../storage/values.ts';
import { builtinType, structType } from './builtin-types.ts';
import type { StructType, TypeRef } from './builtin-types.ts';

const kinds = wire.kinds as Record<string, string>;
const messages = wire.messages as Record<string, Record<string, string>>;

/** The four bytes in front of every object that Kubernetes sends as protobuf. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

type Value = bigint | Buffer;

/** Field numbers with their values, in order. */
function* fieldsOf(data: Buffer): Generator<readonly [number, Value]> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data[at++];
      if (byte === undefined) throw badRequest('the protobuf body ends in the middle of a number');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  };
  const bytes = (length: number): Buffer => {
    if (at + length > data.length) throw badRequest('the protobuf body ends in the middle of a field');
    at += length;
    return data.subarray(at - length, at);
  };
  while (at < data.length) {
    const key = Number(varint());
    const number = key >>> 3;
    switch (key & 7) {
      case 0:
        yield [number, varint()];
        break;
      case 1:
        yield [number, bytes(8)];
        break;
      case 2:
        yield [number, bytes(Number(varint()))];
        break;
      case 5:
        yield [number, bytes(4)];
        break;
      default:
        throw badRequest(`the protobuf body has an unknown wire type ${key & 7}`);
    }
  }
}

function time(data: Buffer): string | null {
  const parts = new Map(fieldsOf(data));
  const seconds = Number(parts.get(1) ?? 0n);
  if (!parts.has(1)) return null;
  const micros = Math.floor(Number(parts.get(2) ?? 0n) / 1000);
  const text = new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, '');
  return micros > 0 ? `${text}.${String(micros).padStart(6, '0')}Z` : `${text}Z`;
}

/** Messages that JSON writes as one value. */
const special: Record<string, (data: Buffer) => Json> = {
  'meta.v1.Time': time,
  'meta.v1.MicroTime': time,
  'resource.Quantity': (data) => String(new Map(fieldsOf(data)).get(1) ?? '0'),
  'util.intstr.IntOrString': (data) => {
    const parts = new Map(fieldsOf(data));
    return parts.get(1) === 1n ? String(parts.get(3) ?? '') : Number(parts.get(2) ?? 0n);
  },
  'meta.v1.FieldsV1': () => null,
  'runtime.RawExtension': (data) => JSON.parse(String(new Map(fieldsOf(data)).get(1) ?? 'null')) as Json,
};

function valueOf(type: string, value: Value): Json {
  switch (type) {
    case 'string':
      return String(value);
    case 'bytes':
      return (value as Buffer).toString('base64');
    case 'bool':
      return value !== 0n;
    case 'double':
      return (value as Buffer).readDoubleLE();
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      return Number(value);
    default:
      return special[type] ? special[type](value as Buffer) : undefined;
  }
}

const structOf = (type: TypeRef | undefined): StructType | undefined => {
  const inner = type && type.is !== 'scalar' && type.is !== 'struct' ? type.of : type;
  return inner?.is === 'struct' ? structType(inner.name) : undefined;
};

/** `struct` is how JSON sees the message: what it does not know by name is embedded in Go, and its fields are the message's own in JSON. */
function messageOf(name: string, data: Buffer, struct: StructType | undefined): Record<string, Json> {
  const fields = messages[name] ?? {};
  const out: Record<string, Json> = {};
  for (const [number, value] of fieldsOf(data)) {
    const line = fields[number];
    if (line === undefined) continue;
    const [key = '', type = ''] = line.split(' ');
    const field = struct?.fields.get(key);
    const inner = structOf(field?.type);
    const read = (t: string, v: Value): Json =>
      messages[t] && !special[t] ? messageOf(t, v as Buffer, inner) : valueOf(t, v);
    if (type.startsWith('[]')) (out[key] ??= []).push(read(type.slice(2), value));
    else if (type.startsWith('{}')) {
      const entry = new Map(fieldsOf(value as Buffer));
      const of = type.slice(2);
      (out[key] ??= {})[String(entry.get(1) ?? '')] = read(of, entry.get(2) ?? Buffer.alloc(0));
    } else if (struct && !field && messages[type] && !special[type])
      Object.assign(out, messageOf(type, value as Buffer, struct));
    else out[key] = read(type, value);
  }
  return out;
}

/** The object as JSON, with apiVersion and kind. Throws 400 if it cannot be read. */
export function readProtobuf(body: Buffer): Record<string, Json> {
  if (!body.subarray(0, 4).equals(MAGIC)) throw badRequest('the protobuf body does not begin as Kubernetes objects do');
  const envelope = new Map(fieldsOf(body.subarray(4)));
  const meta = new Map(fieldsOf((envelope.get(1) as Buffer | undefined) ?? Buffer.alloc(0)));
  const apiVersion = String(meta.get(1) ?? '');
  const kind = String(meta.get(2) ?? '');
  const message = kinds[`${apiVersion}/${kind}`] ?? kinds[kind];
  if (!message) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}" here`);
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] as string) : '';
  return {
    apiVersion,
    kind,
    ...messageOf(message, (envelope.get(2) as Buffer | undefined) ?? Buffer.alloc(0), builtinType(group, kind)),
  };
}
