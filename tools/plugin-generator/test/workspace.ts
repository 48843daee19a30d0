import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../../..');

// Recordings and what runs elsewhere: nothing that a plugin or its generator looks at.
const leftOut = ['tools/parity/', 'tools/control-plane/', 'examples/', 'node_modules/'];

export interface Workspace {
  readonly folder: string;
  remove(): void;
}

/** This workspace as it is now, in a temporary folder. Packages are links to the ones that are installed here; members of the workspace are its own. */
export function copyWorkspace(): Workspace {
  const parent = mkdtempSync(join(tmpdir(), 'sluice-generator-'));
  const folder = join(parent, 'sluice');
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
    .toString()
    .split('\0')
    .filter((file) => file !== '' && !leftOut.some((prefix) => file.startsWith(prefix)));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    // A file that is listed and has just been deleted is not missed.
    cpSync(join(root, file), join(folder, file), { force: true, errorOnExist: false, verbatimSymlinks: true });
  }
  linkPackages(folder);
  // Some members have a version of a package to themselves.
  for (const member of globSync('{apps,apps/plugins,libs,tools}/*/node_modules', { cwd: root }))
    if (existsSync(join(folder, dirname(member)))) symlinkSync(join(root, member), join(folder, member));
  return { folder, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

function linkPackages(folder: string): void {
  const [from, to] = [join(root, 'node_modules'), join(folder, 'node_modules')];
  mkdirSync(join(to, '@sluice'), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === '.bin') linkBinaries(join(from, name), join(to, name));
    else if (!name.startsWith('.') && name !== '@sluice') symlinkSync(join(from, name), join(to, name));
  }
  // Relative to the workspace, so that the copies find each other.
  for (const name of readdirSync(join(from, '@sluice')))
    symlinkSync(readlinkSync(join(from, '@sluice', name)), join(to, '@sluice', name));
}

function linkBinaries(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) symlinkSync(readlinkSync(join(from, name)), join(to, name));
}
