import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { Failure } from './failure.mjs';
import { findTool } from './tools.mjs';

const POLICY = '/usr/sbin/policy-rc.d';
const INSTALL = 'apt-get install -y --no-install-recommends redis-server';

/** What to type on this machine to get Redis. */
export function howToInstallRedis() {
  if (findTool('apt-get')) return `${process.getuid?.() === 0 ? '' : 'sudo '}${INSTALL}`;
  return process.platform === 'darwin' ? 'brew install redis' : 'install Redis 6.2 or newer with your package manager';
}

/** Makes sure that redis-server is on this machine: root on Debian gets it through apt, everybody else is told what to type. */
export function installRedis(say) {
  if (findTool('redis-server')) return;
  const apt = findTool('apt-get');
  if (!apt || process.getuid?.() !== 0) throw new Failure(`redis-server is missing: type "${howToInstallRedis()}"`);
  say('installing Redis through apt (once) …');
  const install = () => withoutStartingServices(() => run(apt, INSTALL.split(' ').slice(1)));
  // A machine that never ran apt has no package lists: fetch them and try once more.
  if (install() !== 0 && (run(apt, ['update', '-q']) !== 0 || install() !== 0))
    throw new Failure(`redis-server could not be installed: type "apt-get update && ${INSTALL}" to see why`);
  if (!findTool('redis-server')) throw new Failure('redis-server is still missing after apt installed it');
}

function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: 'ignore', env }).status;
}

// Debian starts a service as it installs it; ours is a child of our own, so a second Redis would be left running for nobody.
function withoutStartingServices(action) {
  if (fs.existsSync(POLICY)) return action();
  fs.writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return action();
  } finally {
    fs.rmSync(POLICY, { force: true });
  }
}
