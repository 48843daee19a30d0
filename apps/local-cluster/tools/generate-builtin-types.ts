// Writes src/registry/builtin-types.json from the OpenAPI documents of a real API server:
//   node tools/generate-builtin-types.ts KUBECONFIG
// One line for each field, in the notation that src/schema/builtin-types.ts reads. Run it again for a newer Kubernetes.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { builtinResources } from '../src/registry/builtin.ts';

interface Schema {
  type?: string;
  format?: string;
  $ref?: string;
  allOf?: Schema[];
  oneOf?: Schema[];
  default?: unknown;
  enum?: string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  required?: string[];
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
}

const kubeconfig = process.argv[2];
if (!kubeconfig)
  throw new Error(
    'usage: node tools/generate-builtin-types.ts KUBECONFIG (of a real API server, see tools/control-plane)',
  );

const schemas = new Map<string, Schema>();
for (const gv of new Set(
  builtinResources.map((r) => (r.group ? `apis/${r.group}/${r.storageVersion}` : `api/${r.storageVersion}`)),
)) {
  const text = execFileSync('kubectl', ['--kubeconfig', kubeconfig, 'get', '--raw', `/openapi/v3/${gv}`], {
    maxBuffer: 1 << 26,
  });
  const document = JSON.parse(text.toString()) as { components: { schemas: Record<string, Schema> } };
  for (const [name, schema] of Object.entries(document.components.schemas)) schemas.set(name, schema);
}

const scalars: Record<string, string> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microtime',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intstr',
};
const types: Record<string, Record<string, string>> = {};
const nameOf = new Map<string, string>();

function typeName(full: string): string {
  const known = nameOf.get(full);
  if (known) return known;
  const parts = full.split('.');
  const short = parts.at(-1) as string;
  const name = [...nameOf.values()].includes(short) ? `${parts.at(-3)}.${short}` : short;
  nameOf.set(full, name);
  return name;
}

const refOf = (s: Schema): string | undefined => (s.$ref ?? s.allOf?.[0]?.$ref)?.replace('#/components/schemas/', '');

function notation(s: Schema): string {
  const ref = refOf(s);
  if (ref) {
    if (scalars[ref]) return scalars[ref];
    const target = schemas.get(ref) as Schema;
    if (!target.properties) return target.type === 'object' ? 'object' : 'any';
    collect(ref);
    return typeName(ref);
  }
  if (s.type === 'array') return `[]${notation(s.items ?? {})}`;
  if (s.type === 'object') return s.additionalProperties ? `{}${notation(s.additionalProperties)}` : 'object';
  if (s.type === 'integer') return s.format ?? 'int64';
  if (s.type === 'number') return 'float64';
  if (s.type === 'boolean') return 'bool';
  if (s.type === 'string') return s.format === 'byte' ? 'bytes' : 'string';
  return 'any';
}

function field(s: Schema, required: boolean): string {
  const words = [notation(s)];
  if (required) words.push('required');
  if (s.enum) words.push(`enum:${s.enum.join('|')}`);
  // A default in the document means that Go always writes the field: it is neither a pointer nor left out when empty.
  if (s.default !== undefined) words.push(`default:${JSON.stringify(s.default)}`);
  if (s['x-kubernetes-patch-strategy']) words.push(`patch:${s['x-kubernetes-patch-strategy']}`);
  if (s['x-kubernetes-patch-merge-key']) words.push(`key:${s['x-kubernetes-patch-merge-key']}`);
  if (s['x-kubernetes-list-type'] === 'map') words.push(`map:${(s['x-kubernetes-list-map-keys'] ?? []).join(',')}`);
  if (s['x-kubernetes-list-type'] === 'set') words.push('set');
  return words.join(' ');
}

function collect(full: string): void {
  const name = typeName(full);
  if (types[name]) return;
  const fields: Record<string, string> = {};
  types[name] = fields;
  const schema = schemas.get(full) as Schema;
  for (const [key, value] of Object.entries(schema.properties ?? {}))
    fields[key] = field(value, schema.required?.includes(key) ?? false);
}

const kinds: Record<string, string> = {};
for (const r of builtinResources) {
  const entry = [...schemas].find(([, s]) =>
    s['x-kubernetes-group-version-kind']?.some(
      (k) => k.group === r.group && k.version === r.storageVersion && k.kind === r.kind,
    ),
  );
  if (!entry) throw new Error(`no schema for ${r.group}/${r.storageVersion} ${r.kind}`);
  collect(entry[0]);
  kinds[`${r.group}/${r.kind}`] = typeName(entry[0]);
}
const names: Record<string, string> = {};
for (const [full, short] of nameOf) names[short] = full;
const out = fileURLToPath(new URL('../src/registry/builtin-types.json', import.meta.url));
writeFileSync(out, `${JSON.stringify({ kinds, names, types }, null, 2)}\n`);
