import fs from 'node:fs';
import path from 'node:path';
import { createClient } from '@sluice/kube';
import { startControlPlane, watchWrites } from '@sluice/tools-control-plane';
import type { WriteCounts } from '@sluice/tools-control-plane';
import { installCustomResources, root, sluiceCrds, startLocalCluster } from '@sluice/tools-start';
import type { DataPlaneAddresses, LocalClusterChoice, Session } from '@sluice/tools-start';
import { watchLocalWrites } from './local-writes.ts';
import { grantChartPermissions } from './permissions.ts';

export const clusterKinds = ['local', 'kubernetes'] as const;
export type ClusterKind = (typeof clusterKinds)[number];

/** A cluster to play on, with the CRDs of Sluice and of every router. */
export interface PlayCluster {
  /** Of the administrator, for what is played. */
  readonly kubeconfig: string;
  /** Of one service under test, with the permissions that the chart gives it where the cluster checks them; what it writes is counted. */
  readonly kubeconfigOf: (service: string) => string;
  /** Where clients could send requests; undefined without. */
  readonly dataPlane: DataPlaneAddresses | undefined;
  /** Starts to count; the answer tells what the services have written since. */
  watchWrites(): Promise<() => Promise<WriteCounts>>;
}

/** Starts a cluster that ends with the session. `kubernetes` is the real control plane, which is built first when it is not. */
export async function startPlayCluster(
  session: Session,
  kind: ClusterKind,
  choice: LocalClusterChoice = {},
): Promise<PlayCluster> {
  const cluster = kind === 'local' ? await localCluster(session, choice) : await realCluster(session);
  const client = await createClient({ kubeconfig: cluster.kubeconfig, userAgent: 'sluice-parity' });
  await installCustomResources(client, [sluiceCrds, path.join(root, 'tools/control-plane/routers.crds.yaml')]);
  client.close();
  return cluster;
}

async function localCluster(session: Session, choice: LocalClusterChoice): Promise<PlayCluster> {
  const { kubeconfig, server, dataPlane } = await startLocalCluster(session, choice);
  // As on the real control plane, the token is the user's name: the services get one of their own.
  const sutKubeconfig = path.join(session.temp, 'sut.kubeconfig');
  fs.writeFileSync(sutKubeconfig, fs.readFileSync(kubeconfig, 'utf8').replaceAll('admin-token', 'sut-token'));
  const watchWrites = () => watchLocalWrites(server, 'sut');
  return { kubeconfig, kubeconfigOf: () => sutKubeconfig, dataPlane, watchWrites };
}

async function realCluster(session: Session): Promise<PlayCluster> {
  const folder = path.join(session.temp, 'control-plane');
  const plane = await startControlPlane(folder, undefined, (line) => console.log(line));
  session.atEnd(() => plane.stop());
  const admin = await createClient({ kubeconfig: plane.kubeconfig, userAgent: 'sluice-parity' });
  const kubeconfigOf = await grantChartPermissions(admin, plane.sutKubeconfig, folder);
  admin.close();
  return {
    kubeconfig: plane.kubeconfig,
    kubeconfigOf,
    dataPlane: undefined,
    watchWrites: async () => {
      const count = watchWrites(plane.auditLog);
      return async () => count();
    },
  };
}
