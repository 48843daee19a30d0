// The services under test: child processes that can be killed and started again.
import path from 'node:path';
import { createChildren, freePorts, readAnnouncement, root } from '@sluice/tools-start';
import type { Announcement } from '@sluice/tools-start';
import type { RouterKind } from './apps.ts';

export interface Program {
  readonly pid: number;
  readonly addresses: Announcement['addresses'];
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface Programs {
  startController(options: ProgramOptions): Promise<Program>;
  /** Serves on `port`. */
  startRouter(router: RouterKind, port: number, options: ProgramOptions): Promise<Program>;
  stop(): Promise<void>;
}

export interface ProgramOptions {
  readonly kubeconfig: string;
  /** Flags besides. */
  readonly args?: readonly string[];
}

export { freePorts };

const statusArgs = ['--http-host', '127.0.0.1', '--http-port', '0', '--announce'];
// Short: a controller that was killed cannot give its Lease back, and its successor waits for the end of it.
const leaseArgs = ['--lease-duration', '3s', '--lease-renew-deadline', '2s', '--lease-retry', '500ms'];

/** Their logs go into `folder`. All end with `stop`. */
export function createPrograms(folder: string): Programs {
  const children = createChildren({ folder });
  let started = 0;

  async function start(name: string, script: string, args: readonly string[]): Promise<Program> {
    const { pid, ready } = await children.start({
      name: `${name}-${++started}`,
      command: process.execPath,
      args: ['--max-semi-space-size=4', path.join(root, script), ...args],
      ready: readAnnouncement,
    });
    return {
      pid,
      addresses: ready.addresses,
      async kill() {
        process.kill(pid, 'SIGKILL');
        await children.end(pid);
      },
      stop: () => children.end(pid),
    };
  }

  return {
    startController: ({ kubeconfig, args = [] }) =>
      start('rollout-controller', 'apps/rollout-controller/src/main.ts', [
        ...['--kubeconfig', kubeconfig, '--foreign-lease-namespace', 'none', ...leaseArgs, ...statusArgs, ...args],
      ]),
    startRouter: (router, port, { kubeconfig, args = [] }) =>
      start(`router-${router}`, `apps/plugins/router-${router}/src/main.ts`, [
        ...['--kubeconfig', kubeconfig, '--grpc-host', '127.0.0.1', '--grpc-port', String(port), ...statusArgs],
        ...args,
      ]),
    stop: () => children.stop(),
  };
}
