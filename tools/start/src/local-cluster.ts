import path from 'node:path';
import { root } from '../first-stage/workspace.mjs';
import { readAnnouncement } from './announcement.ts';
import type { Session } from './session.ts';

/** A cluster that this session started. */
export interface StartedCluster {
  /** Path of the kubeconfig of its administrator. */
  readonly kubeconfig: string;
  /** The address of its API server. */
  readonly server: string;
}

/** Starts apps/local-cluster, a Kubernetes API in memory, on a free loopback port. */
export async function startLocalCluster(session: Session): Promise<StartedCluster> {
  const kubeconfig = path.join(session.temp, 'kubeconfig');
  const child = await session.children.start({
    name: 'local-cluster',
    command: process.execPath,
    args: [
      path.join(root, 'apps/local-cluster/src/main.ts'),
      '--port',
      '0',
      '--kubeconfig-out',
      kubeconfig,
      '--announce',
    ],
    ready: readAnnouncement,
  });
  return { kubeconfig, server: child.ready.addresses['api'] ?? '' };
}
