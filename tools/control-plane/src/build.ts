import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Failure, findTool, lastWords, root } from '@sluice/tools-start';

const sources = path.join(root, 'tools/control-plane');
const cache = path.join(root, '.cache/control-plane');
const KUBERNETES = { major: '1', minor: '34', version: 'v1.34.4' };

/**
 * The control-plane binary, built with Go when this repository's sources have not been built before: about half a minute with a
 * warm build cache, 3 to 6 minutes without. $CONTROL_PLANE names one that was built elsewhere. Throws a Failure without Go.
 */
export async function buildControlPlane(say: (line: string) => void = () => {}): Promise<string> {
  const named = process.env['CONTROL_PLANE'];
  if (named) {
    if (!fs.existsSync(named)) throw new Failure(`CONTROL_PLANE names ${named}, which does not exist`);
    return named;
  }
  const folder = path.join(cache, sourceHash());
  const binary = path.join(folder, 'control-plane');
  if (fs.existsSync(binary)) return binary;
  const go = findTool('go');
  if (!go)
    throw new Failure(
      'the real control plane is built by Go 1.26 or newer, which is missing: install it, or name a built one with CONTROL_PLANE',
    );
  say('building the control plane (once, some minutes) …');
  fs.mkdirSync(folder, { recursive: true });
  // Built beside and renamed: two builds at once, or one that is ended half-way, leave a whole binary or none.
  const unfinished = `${binary}.${process.pid}`;
  try {
    await build(go, unfinished);
    fs.renameSync(unfinished, binary);
  } finally {
    fs.rmSync(unfinished, { force: true });
  }
  dropOlderBuilds(folder);
  return binary;
}

function sourceHash(): string {
  const hash = createHash('sha256');
  const names = fs.readdirSync(sources).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name));
  for (const name of names.sort()) hash.update(`${name}\0`).update(fs.readFileSync(path.join(sources, name)));
  return hash.digest('hex').slice(0, 16);
}

function build(go: string, output: string): Promise<void> {
  const version = 'k8s.io/component-base/version';
  const flags = [
    '-s -w',
    `-X ${version}.gitVersion=${KUBERNETES.version}`,
    `-X ${version}.gitMajor=${KUBERNETES.major}`,
    `-X ${version}.gitMinor=${KUBERNETES.minor}`,
  ].join(' ');
  const args = ['build', '-buildvcs=false', '-ldflags', flags, '-o', output, '.'];
  const env = { ...process.env, CGO_ENABLED: '0', ...goFolders() };
  return new Promise((resolve, reject) => {
    execFile(go, args, { cwd: sources, env, maxBuffer: 64 << 20 }, (error, _stdout, stderr) => {
      const downloads = /^go: downloading /;
      const words = stderr.split('\n').filter((line) => !downloads.test(line));
      if (error)
        reject(new Failure(`the control plane could not be built in ${sources}: ${lastWords(words) || error.message}`));
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

function dropOlderBuilds(newest: string): void {
  for (const name of fs.readdirSync(cache)) {
    const folder = path.join(cache, name);
    if (folder !== newest && /^[0-9a-f]{16}$/.test(name)) fs.rmSync(folder, { recursive: true, force: true });
  }
}
