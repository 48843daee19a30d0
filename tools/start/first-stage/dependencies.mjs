import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.mjs';

const OLDEST_NODE = 20;

/** Throws a Failure if the Node that runs this is too old to go on. */
export function checkNode(version = process.versions.node) {
  if (Number(version.split('.')[0]) < OLDEST_NODE)
    throw new Failure(`Node ${OLDEST_NODE} or newer is needed and this is ${version}: install a newer Node`);
}

/**
 * Whether node_modules holds what package-lock.json asks for: it was installed from this very file by us, or npm's own list of what
 * it installed (node_modules/.package-lock.json) says so. Reading both takes milliseconds where asking npm takes a second.
 */
export function dependenciesAreCurrent(root) {
  const lock = path.join(root, 'package-lock.json');
  const wanted = packagesIn(lock);
  if (!wanted) throw new Failure(`package-lock.json is missing or broken in ${root}: check it out again`);
  if (!fs.existsSync(node24(root))) return false;
  if (readOr('', installedFrom(root)) === digestOf(lock)) return true;
  const installed = packagesIn(path.join(root, 'node_modules/.package-lock.json'));
  if (!installed) return false;
  return Object.entries(wanted).every(([at, want]) => {
    if (!at.startsWith('node_modules/') && !at.includes('/node_modules/')) return true;
    const have = installed[at];
    // npm leaves out optional packages of other platforms.
    if (!have) return want.optional === true || want.devOptional === true || want.peer === true;
    return have.version === want.version && have.integrity === want.integrity && have.link === want.link;
  });
}

// npm empties the folder before it installs: the note goes with what it is about.
function installedFrom(root) {
  return path.join(root, 'node_modules/.installed-from');
}

function digestOf(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

function readOr(otherwise, file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

function packagesIn(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** The Node that the repository pins as a dependency. */
export function node24(root) {
  return path.join(root, 'node_modules/node/bin/node');
}

/** Installs what package-lock.json asks for, unless it is there. `say` gets a line when that takes a while. */
export function installDependencies(root, say) {
  if (dependenciesAreCurrent(root)) return;
  say('installing the npm dependencies (once, about half a minute) …');
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, 'ci']] : ['npm', ['ci']];
  const result = spawnSync(command, [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (result.error?.code === 'ENOENT') throw new Failure('npm is missing: install it (on Debian: apt-get install npm)');
  if (result.status !== 0 || !fs.existsSync(node24(root))) {
    const reason = `${result.stderr ?? ''}`.split('\n').find((line) => /^npm error (?!code|errno)/.test(line));
    throw new Failure(
      `npm ci failed in ${root}${reason ? `: ${reason.replace('npm error ', '')}` : ''} (type "npm ci" to see all of it)`,
    );
  }
  fs.writeFileSync(installedFrom(root), digestOf(path.join(root, 'package-lock.json')));
}
