// Writes src/registry/builtin-wire.json from the .proto files of Kubernetes' own Go modules (k8s.io/api and k8s.io/apimachinery):
//   node tools/generate-builtin-wire.ts DIR_OF_API_MODULE DIR_OF_APIMACHINERY_MODULE
// kubectl's typed commands (create, expose, auth can-i) send protobuf, and to read it one needs the numbers of the fields.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtinResources } from '../src/registry/builtin.ts';

const directories = process.argv.slice(2);
if (directories.length === 0)
  throw new Error(
    'usage: node tools/generate-builtin-wire.ts DIR… (of k8s.io/api and k8s.io/apimachinery, see tools/control-plane/go.mod)',
  );

type Message = Record<string, string>;

/** `core.v1.Pod` for `k8s.io.api.core.v1.Pod`. */
const short = (full: string): string =>
  full.replace(/^\.?k8s\.io\.(api|apimachinery\.pkg\.(apis|api)|apimachinery\.pkg)\./, '');

const messages = new Map<string, Message>();

function typeOf(type: string, pkg: string): string {
  const map = /^map<string,\s*([\w.]+)>$/.exec(type);
  if (map) return `{}${typeOf(map[1] as string, pkg)}`;
  if (/^(string|bytes|bool|u?int32|u?int64|double)$/.test(type)) return type;
  return type.includes('.') ? short(type) : short(`${pkg}.${type}`);
}

function read(file: string): void {
  const text = readFileSync(file, 'utf8').replace(/\/\/.*$/gm, '');
  const pkg = /^package ([\w.]+);/m.exec(text)?.[1] ?? '';
  for (const m of text.matchAll(/^message (\w+) \{([^}]*)\}/gm)) {
    const fields: Message = {};
    for (const f of (m[2] as string).matchAll(/(optional|required|repeated)?\s*(map<[^>]+>|[\w.]+) (\w+) = (\d+)/g))
      fields[f[4] as string] = `${f[3]} ${f[1] === 'repeated' ? '[]' : ''}${typeOf(f[2] as string, pkg)}`;
    messages.set(short(`${pkg}.${m[1]}`), fields);
  }
}

function walk(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const at = path.join(directory, entry.name);
    if (entry.isDirectory()) walk(at);
    else if (entry.name === 'generated.proto') read(at);
  }
}
directories.forEach(walk);

// The package of a group is its first word: `rbac.v1` for rbac.authorization.k8s.io/v1.
const kinds: Record<string, string> = {
  DeleteOptions: 'meta.v1.DeleteOptions',
  'autoscaling/v1/Scale': 'autoscaling.v1.Scale',
  'policy/v1/Eviction': 'policy.v1.Eviction',
  'v1/Binding': 'core.v1.Binding',
};
for (const r of builtinResources) {
  if (r.group === 'apiextensions.k8s.io') continue; // written as JSON by everybody
  const message = `${r.group.split('.')[0] || 'core'}.${r.storageVersion}.${r.kind}`;
  if (!messages.has(message)) throw new Error(`no message ${message}`);
  kinds[r.group ? `${r.group}/${r.storageVersion}/${r.kind}` : `${r.storageVersion}/${r.kind}`] = message;
}

const reached: Record<string, Message> = {};
function reach(name: string): void {
  const message = messages.get(name);
  if (!message || reached[name]) return;
  reached[name] = message;
  for (const line of Object.values(message)) reach((line.split(' ')[1] as string).replace(/^(\[\]|\{\})+/, ''));
}
Object.values(kinds).forEach(reach);
const out = fileURLToPath(new URL('../src/registry/builtin-wire.json', import.meta.url));
writeFileSync(out, `${JSON.stringify({ kinds, messages: reached }, null, 2)}\n`);
