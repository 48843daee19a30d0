import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Failure, findTool, lastWords, root } from '@sluice/tools-start';

const sources = path.join(root, 'tools/control-plane');
const cache = path.join(root, '.cache/control-plane');
const version = 'k8s.io/component-base/version';

/** A Go program of this repository: the modules in `folder`, linked into one binary called `name`. */
interface Program {
  readonly name: string;
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
}

const controlPlane: Program = {
  name: 'control-plane',
  folder: sources,
  variables: {
    [`${version}.gitVersion`]: 'v1.34.4',
    [`${version}.gitMajor`]: '1',
    [`${version}.gitMinor`]: '34',
  },
};

const helmTemplate: Program = { name: 'helm-template', folder: path.join(sources, 'helm-template'), variables: {} };

/**
 * The control-plane binary, built with Go when this repository's sources have not been built before: about half a minute with a
 * warm build cache, 3 to 6 minutes without. $CONTROL_PLANE names one that was built elsewhere. Throws a Failure without Go.
 */
export async function buildControlPlane(say: (line: string) => void = () => {}): Promise<string> {
  const named = process.env['CONTROL_PLANE'];
  if (named && !fs.existsSync(named)) throw new Failure(`CONTROL_PLANE names ${named}, which does not exist`);
  return named || buildProgram(controlPlane, say);
}

/** The helm-template binary: what `helm template` prints, for machines without helm. Throws a Failure without Go. */
export function buildHelmTemplate(say: (line: string) => void = () => {}): Promise<string> {
  return buildProgram(helmTemplate, say);
}

async function buildProgram(program: Program, say: (line: string) => void): Promise<string> {
  const folder = path.join(cache, `${program.name}-${sourceHash(program.folder)}`);
  const binary = path.join(folder, program.name);
  if (fs.existsSync(binary)) return binary;
  const go = findTool('go');
  if (!go) throw new Failure(`${program.name} is built by Go 1.26 or newer, which is missing: install it`);
  say(`building ${program.name} (once, some minutes) …`);
  fs.mkdirSync(folder, { recursive: true });
  // Built beside and renamed: two builds at once, or one that is ended half-way, leave a whole binary or none.
  const unfinished = `${binary}.${process.pid}`;
  try {
    await build(go, program, unfinished);
    fs.renameSync(unfinished, binary);
  } finally {
    fs.rmSync(unfinished, { force: true });
  }
  dropOlderBuilds(program, folder);
  return binary;
}

function sourceHash(folder: string): string {
  const hash = createHash('sha256');
  const names = fs.readdirSync(folder).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name));
  for (const name of names.sort()) hash.update(`${name}\0`).update(fs.readFileSync(path.join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}

function build(go: string, program: Program, output: string): Promise<void> {
  const variables = Object.entries(program.variables).map(([name, value]) => `-X ${name}=${value}`);
  const args = ['build', '-buildvcs=false', '-ldflags', ['-s', '-w', ...variables].join(' '), '-o', output, '.'];
  const env = { ...process.env, CGO_ENABLED: '0', ...goFolders() };
  return new Promise((resolve, reject) => {
    execFile(go, args, { cwd: program.folder, env, maxBuffer: 64 << 20 }, (error, _stdout, stderr) => {
      const words = stderr.split('\n').filter((line) => !line.startsWith('go: downloading '));
      if (error) reject(new Failure(`${program.folder} could not be built: ${lastWords(words) || error.message}`));
      else resolve();
    });
  });
}

// Without a home directory Go has nowhere to keep modules and its build cache: they go into the repository's cache then.
function goFolders(): Record<string, string> {
  if (process.env['HOME']) return {};
  const place = (name: string, folder: string) => process.env[name] || path.join(cache, folder);
  return { GOPATH: place('GOPATH', 'go'), GOCACHE: place('GOCACHE', 'go-build') };
}

function dropOlderBuilds({ name }: Program, newest: string): void {
  for (const each of fs.readdirSync(cache)) {
    const folder = path.join(cache, each);
    if (folder !== newest && each.startsWith(`${name}-`)) fs.rmSync(folder, { recursive: true, force: true });
  }
}
