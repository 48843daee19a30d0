import { execFile } from 'node:child_process';
import path from 'node:path';
import { Failure, freePorts, lastWords, root } from '@sluice/tools-start';
import { buildControlPlane } from './build.ts';

const scripts = path.join(root, 'tools/control-plane');

/** A running etcd, kube-apiserver, kube-controller-manager and stand-in kubelet. */
export interface ControlPlane {
  /** Address of the API server. */
  readonly server: string;
  /** Kubeconfig of the administrator. */
  readonly kubeconfig: string;
  /** Kubeconfig of the user whose calls are audited: for the services under test. */
  readonly sutKubeconfig: string;
  /** JSON lines, one for each call of that user; see `countWrites`. */
  readonly auditLog: string;
  /** Command and first arguments of a kubectl of the same version: `[...kubectl, 'get', 'pods']`. */
  readonly kubectl: readonly [string, string];
  /** Stops all of it and removes its data. Can be called again. */
  stop(): Promise<void>;
}

/**
 * Starts the real control plane with its files in `dir` (made when absent), on `port` and the three after it, or on free ones.
 * Takes about 5 seconds, and as long as `buildControlPlane` takes when nothing is built. Throws a Failure that says why not.
 */
export async function startControlPlane(
  dir: string,
  port?: number,
  say?: (line: string) => void,
): Promise<ControlPlane> {
  const binary = await buildControlPlane(say);
  const first = port ?? (await freePorts(4));
  await run('up.sh', [dir, String(first)], { CONTROL_PLANE: binary });
  let stopping: Promise<void> | undefined;
  return {
    server: `https://127.0.0.1:${first}`,
    kubeconfig: path.join(dir, 'kubeconfig'),
    sutKubeconfig: path.join(dir, 'sut.kubeconfig'),
    auditLog: path.join(dir, 'audit.log'),
    kubectl: [binary, 'kubectl'],
    stop: () => (stopping ??= run('down.sh', [dir], {})),
  };
}

function run(script: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env } };
    const child = execFile('bash', [path.join(scripts, script), ...args], options, (error, _stdout, stderr) => {
      const words = lastWords(stderr.split('\n')).replace(/^up\.sh: /, '');
      if (error) reject(new Failure(`the control plane does not start: ${words || error.message}`));
      else resolve();
    });
    child.stdin?.end();
  });
}
