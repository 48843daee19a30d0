import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { dependenciesAreCurrent, node24 } from './dependencies.mjs';
import { howToInstallRedis } from './redis.mjs';
import { findTool } from './tools.mjs';

const GIB = 1024 ** 3;
const sudo = process.getuid?.() === 0 ? '' : 'sudo ';

/**
 * Looks at everything that the commands of the repository need. A finding is {name, ok, needed, found, mend}: `needed` says that
 * npm start and npm test do not work without it, `mend` what to type; what is not needed says what for it would be used.
 */
export async function diagnose(root) {
  return [
    node(),
    tool('npm', ['--version'], { needed: true, mend: `${sudo}apt-get install npm` }),
    dependencies(root),
    tool('redis-server', ['--version'], { needed: true, mend: howToInstallRedis() }),
    await loopback(),
    disk(root),
    tool('kubectl', ['version', '--client'], {
      mend: 'npm run kubectl uses the one that is built with the real control plane',
      purpose: 'to look at a cluster yourself',
    }),
    tool('go', ['version'], {
      mend: 'install Go 1.26 or newer',
      purpose: 'to build the real control plane',
      atLeast: [1, 26],
    }),
    tool('curl', ['--version'], { mend: `${sudo}apt-get install curl`, purpose: 'to start the real control plane' }),
    tool('openssl', ['version'], {
      mend: `${sudo}apt-get install openssl`,
      purpose: 'to start the real control plane',
    }),
    tool('chromium', ['--version'], {
      mend: `${sudo}apt-get install chromium`,
      purpose: 'to test the web pages in a browser',
    }),
  ];
}

function node() {
  const ok = Number(process.versions.node.split('.')[0]) >= 20;
  return { name: 'node', needed: true, ok, found: process.versions.node, mend: 'install Node 20 or newer' };
}

function tool(name, args, { needed = false, mend, purpose, atLeast }) {
  const file = findTool(name);
  if (!file) return { name, needed, ok: false, found: 'missing', mend, purpose };
  const { stdout = '', status } = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000 });
  const version = /\d+\.\d+(\.\d+)?/.exec(stdout ?? '')?.[0] ?? 'no version';
  const [major, minor] = version.split('.').map(Number);
  const recent = !atLeast || major > atLeast[0] || (major === atLeast[0] && minor >= atLeast[1]);
  return {
    name,
    needed,
    ok: status === 0 && recent,
    found: status === 0 ? version : `${file} does not run`,
    mend,
    purpose,
  };
}

function dependencies(root) {
  const ok = dependenciesAreCurrent(root);
  const found = ok ? `as in package-lock.json, Node ${pinned(root)}` : 'missing or outdated';
  return {
    name: 'npm dependencies',
    needed: true,
    ok,
    found,
    mend: 'npm ci (npm start and npm test do it by themselves)',
  };
}

function pinned(root) {
  const { stdout } = spawnSync(node24(root), ['--version'], { encoding: 'utf8' });
  return stdout?.trim().replace(/^v/, '');
}

function loopback() {
  const finding = { name: 'loopback ports', needed: true, mend: 'allow listening on 127.0.0.1' };
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error) => resolve({ ...finding, ok: false, found: error.message }));
    server.listen(0, '127.0.0.1', () => server.close(() => resolve({ ...finding, ok: true, found: 'can be opened' })));
  });
}

function disk(root) {
  const { bavail, bsize } = fs.statfsSync(root);
  const free = (bavail * bsize) / GIB;
  const built = fs.existsSync(path.join(root, 'node_modules'));
  const wanted = built ? 1 : 2;
  return {
    name: 'disk space',
    needed: true,
    ok: free >= wanted,
    found: `${free.toFixed(1)} GiB free in ${root}`,
    mend: `make ${wanted} GiB free (the real control plane takes 5 more while it is built)`,
  };
}

/** The findings as lines for a terminal; what is to be mended says how, on a line of its own. */
export function renderDiagnosis(findings) {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  const lines = findings.flatMap(({ name, ok, needed, found, mend, purpose }) => {
    const mark = ok ? 'ok     ' : needed ? 'MISSING' : 'missing';
    const line = `${mark}  ${name.padEnd(width)}  ${found}`;
    return ok ? [line] : [line, `${' '.repeat(mark.length + width + 4)}→ ${mend}${purpose ? ` (${purpose})` : ''}`];
  });
  const missing = findings.filter((finding) => !finding.ok && finding.needed).length;
  const verdict =
    missing === 0
      ? 'npm start and npm test have all they need.'
      : `${missing} thing${missing > 1 ? 's' : ''} that npm start and npm test need ${missing > 1 ? 'are' : 'is'} missing.`;
  return [...lines, '', verdict].join('\n');
}
