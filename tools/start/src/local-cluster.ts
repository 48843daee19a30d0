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
  /** Where clients send their requests, and where what they got is told; undefined without `dataPlane`. */
  readonly dataPlane: DataPlaneAddresses | undefined;
}

export interface DataPlaneAddresses {
  readonly url: string;
  readonly statusUrl: string;
}

export interface LocalClusterChoice {
  /** A proxy that obeys the routes in the cluster, and pods that answer. */
  readonly dataPlane?: boolean;
}

/** Starts apps/local-cluster, a Kubernetes API in memory, on a free loopback port. */
export async function startLocalCluster(
  session: Session,
  { dataPlane = false }: LocalClusterChoice = {},
): Promise<StartedCluster> {
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
      ...(dataPlane ? ['--data-plane'] : []),
      '--announce',
    ],
    ready: readAnnouncement,
  });
  const { api, 'data-plane': url, 'data-plane-status': statusUrl } = child.ready.addresses;
  return { kubeconfig, server: api ?? '', dataPlane: url && statusUrl ? { url, statusUrl } : undefined };
}

/** The data plane by itself, for a cluster whose pods are not real: that of tools/control-plane. */
export async function startDataPlane(session: Session, kubeconfig: string): Promise<DataPlaneAddresses> {
  const { ready } = await session.children.start({
    name: 'data-plane',
    command: process.execPath,
    args: [path.join(root, 'apps/local-cluster/src/data-plane/main.ts'), '--kubeconfig', kubeconfig, '--announce'],
    ready: readAnnouncement,
  });
  const { 'data-plane': url = '', 'data-plane-status': statusUrl = '' } = ready.addresses;
  return { url, statusUrl };
}
