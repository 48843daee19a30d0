import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { findTool } from './tools.mjs';

const POLICY = '/usr/sbin/policy-rc.d';

/** What to type on a Debian machine to get a package. */
export function aptCommand(name) {
  return `${process.getuid?.() === 0 ? '' : 'sudo '}apt-get install -y --no-install-recommends ${name}`;
}

/** Whether packages can be installed here without asking anybody. */
export function canInstall() {
  return findTool('apt-get') !== undefined && process.getuid?.() === 0;
}

/** Installs a package, without starting what it brings; answers whether that worked. Needs `canInstall()`. */
export function installPackage(name) {
  const install = () => withoutStartingServices(() => run(['install', '-y', '--no-install-recommends', name]));
  // A machine that never ran apt has no package lists: fetch them and try once more.
  return install() === 0 || (run(['update', '-q']) === 0 && install() === 0);
}

function run(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(findTool('apt-get'), args, { stdio: 'ignore', env }).status;
}

// Debian starts a service as it installs it; ours is a child of our own, so a second one would be left running for nobody.
function withoutStartingServices(action) {
  if (fs.existsSync(POLICY)) return action();
  fs.writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return action();
  } finally {
    fs.rmSync(POLICY, { force: true });
  }
}
