import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../first-stage/workspace.mjs';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })));

function run(
  script: string,
  args: string[],
  { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
) {
  return spawnSync(process.execPath, [path.join(root, 'tools/start', script), ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    encoding: 'utf8',
  });
}

/** A tree with the given package-lock.json and list of what npm installed. */
function tree(wanted: Record<string, object>, installed?: Record<string, object>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-tree-'));
  folders.push(folder);
  fs.writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  if (installed) {
    fs.mkdirSync(path.join(folder, 'node_modules/node/bin'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'node_modules/node/bin/node'), '');
    fs.writeFileSync(path.join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
  }
  return folder;
}

describe('npm start, before anything is installed', () => {
  it('explains itself with --help', () => {
    const { status, stdout } = run('start.mjs', ['--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('--services-only');
  });

  it.each([
    [['--no-such-option'], "sluice: Unknown option '--no-such-option' (npm start -- --help lists the options)\n"],
    [['--services-only'], 'sluice: --services-only needs a cluster: name one with --kubeconfig FILE or KUBECONFIG\n'],
    [['--kubeconfig', '/does/not/exist'], 'sluice: the kubeconfig /does/not/exist does not exist\n'],
  ])('refuses %j in one line', (args, line) => {
    const { status, stderr, stdout } = run('start.mjs', args);
    expect([status, stdout, stderr]).toEqual([1, '', line]);
  });

  it('finds the kubeconfig where npm was called', () => {
    const folder = tree({});
    fs.writeFileSync(path.join(folder, 'cluster'), '');
    const { status, stderr } = run('start.mjs', ['--kubeconfig', 'cluster', '--help'], { env: { INIT_CWD: folder } });
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('the npm dependencies', async () => {
  const { dependenciesAreCurrent } = await import('../first-stage/dependencies.mjs');
  const one = { version: '1.0.0', integrity: 'x' };

  it('are current when npm installed what the lock file names', () => {
    expect(
      dependenciesAreCurrent(tree({ '': {}, 'apps/a': {}, 'node_modules/one': one }, { 'node_modules/one': one })),
    ).toBe(true);
  });

  it('may lack optional packages, which are for other platforms', () => {
    const optional = { ...one, optional: true };
    expect(
      dependenciesAreCurrent(
        tree({ 'node_modules/one': one, 'node_modules/two': optional }, { 'node_modules/one': one }),
      ),
    ).toBe(true);
  });

  it('are current when they were installed from this very lock file', () => {
    const folder = tree({ 'node_modules/one': one }, {});
    const digest = createHash('sha256')
      .update(fs.readFileSync(path.join(folder, 'package-lock.json')))
      .digest('hex');
    fs.writeFileSync(path.join(folder, 'node_modules/.installed-from'), digest);
    expect(dependenciesAreCurrent(folder)).toBe(true);
    fs.writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ packages: { 'node_modules/two': one } }));
    expect(dependenciesAreCurrent(folder)).toBe(false);
  });

  it.each([
    ['a package is missing', {}],
    ['a version differs', { 'node_modules/one': { ...one, version: '1.0.1' } }],
    ['a package has other contents', { 'node_modules/one': { ...one, integrity: 'y' } }],
  ])('are outdated when %s', (_why, installed) => {
    expect(dependenciesAreCurrent(tree({ 'node_modules/one': one }, installed))).toBe(false);
  });

  it('are outdated when nothing was installed', () => {
    expect(dependenciesAreCurrent(tree({ 'node_modules/one': one }))).toBe(false);
  });
});

describe('npm run doctor', async () => {
  const { renderDiagnosis } = await import('../first-stage/diagnosis.mjs');

  it('says of everything that is missing what to type, and whether it is needed', () => {
    const text = renderDiagnosis([
      { name: 'node', needed: true, ok: true, found: '24.0.0', mend: 'install Node' },
      { name: 'redis-server', needed: true, ok: false, found: 'missing', mend: 'apt-get install redis-server' },
      { name: 'go', needed: false, ok: false, found: 'missing', mend: 'install Go', purpose: 'to build' },
    ]);
    expect(text.split('\n')).toEqual([
      'ok       node          24.0.0',
      'MISSING  redis-server  missing',
      '                       → apt-get install redis-server',
      'missing  go            missing',
      '                       → install Go (to build)',
      '',
      '1 thing that npm start and npm test need is missing.',
    ]);
  });

  it('looks at this machine', () => {
    const { stdout, stderr } = run('doctor.mjs', []);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^ok {7}node /m);
    expect(stdout).toMatch(/^ok {7}npm dependencies /m);
  });
});
