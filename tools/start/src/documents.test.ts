import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../first-stage/workspace.mjs';

interface Package {
  readonly scripts?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}
const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
const packageOf = (folder: string) => JSON.parse(read(path.join(folder, 'package.json'))) as Package;
const workspaces = ['apps', 'apps/plugins', 'libs', 'tools']
  .filter((parent) => fs.existsSync(path.join(root, parent)))
  .flatMap((parent) => fs.readdirSync(path.join(root, parent)).map((name) => path.join(parent, name)))
  .filter((folder) => fs.existsSync(path.join(root, folder, 'package.json')));

describe('docs/dependencies.md', () => {
  const direct = ['.', ...workspaces].flatMap((folder) => {
    const { dependencies, devDependencies } = packageOf(folder);
    return Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith('@sluice/'));
  });
  const documented = read('docs/dependencies.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name));

  it('has a line for each direct dependency, and none for what is not one', () => {
    expect([...new Set(documented)].sort()).toEqual([...new Set(direct)].sort());
  });
});

describe('README.md', () => {
  it('opens with the two commands', () => {
    expect(read('README.md').split('\n').slice(2, 4)).toEqual(['    npm start', '    npm test']);
  });

  it('names only scripts and folders that exist', () => {
    const scripts = Object.keys(packageOf('.').scripts ?? {});
    const named = [...read('README.md').matchAll(/npm run ([a-z:-]+)/g)].map(([, script]) => script as string);
    expect(named.filter((script) => !scripts.includes(script))).toEqual([]);
    const folders = [...read('README.md').matchAll(/^ {4}([a-z-]+\/[a-z-]*) /gm)].map(([, folder]) => folder as string);
    expect(folders.length).toBeGreaterThan(10);
    expect(folders.filter((folder) => !fs.existsSync(path.join(root, folder)))).toEqual([]);
  });
});
