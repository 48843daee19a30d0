import { aptCommand, canInstall, installPackage } from './apt.mjs';
import { Failure } from './failure.mjs';
import { findTool } from './tools.mjs';

/** What to type on this machine to get Redis. */
export function howToInstallRedis() {
  if (findTool('apt-get')) return aptCommand('redis-server');
  return process.platform === 'darwin' ? 'brew install redis' : 'install Redis 6.2 or newer with your package manager';
}

/** Makes sure that redis-server is on this machine: root on Debian gets it through apt, everybody else is told what to type. */
export function installRedis(say) {
  if (findTool('redis-server')) return;
  if (!canInstall()) throw new Failure(`redis-server is missing: type "${howToInstallRedis()}"`);
  say('installing Redis through apt (once) …');
  if (!installPackage('redis-server'))
    throw new Failure(
      `redis-server could not be installed: type "apt-get update && ${aptCommand('redis-server')}" to see why`,
    );
  if (!findTool('redis-server')) throw new Failure('redis-server is still missing after apt installed it');
}
