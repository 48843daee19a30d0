import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient, isKubeError, resources } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
import { servePlugin } from '@sluice/plugin-sdk';
import type { Introduction, Router } from '@sluice/plugin-sdk';
import { parseAllDocuments } from 'yaml';
import { watchClient } from './watched-client.ts';
import type { WatchedClient } from './watched-client.ts';

/** What is needed of a cluster: the local one has it. */
export interface TestCluster {
  writeKubeconfig(path: string, user?: string): void;
}

/** The cluster of `npm run test:kubernetes`, when the tests run there. */
export function kubernetesCluster(): (TestCluster & { stop(): Promise<void> }) | undefined {
  const kubeconfig = process.env['SLUICE_TEST_KUBECONFIG'];
  if (kubeconfig === undefined) return undefined;
  return { writeKubeconfig: (file) => copyFileSync(kubeconfig, file), stop: async () => undefined };
}

export interface ServedRouter {
  /** `127.0.0.1:41234` */
  readonly address: string;
  /** Somebody else than the router. */
  readonly admin: KubeClient;
  readonly watched: WatchedClient;
  /** The router's process ends and begins anew at the same address, with nothing remembered. */
  restart(): Promise<void>;
  /** Ends the router alone. */
  end(): Promise<void>;
  /** Ends the router and its clients. */
  stop(): Promise<void>;
}

export interface ServeRouterOptions {
  readonly cluster: TestCluster;
  readonly introduction: Introduction;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the configuration's type is between the router's own functions
  readonly create: (client: KubeClient) => Router<any>;
  readonly namespace: string;
  /** YAML file of the kinds that the cluster does not know by itself. */
  readonly definitions?: string;
}

/** Serves a router over real gRPC on a free port of this machine, with a client of its own for the cluster. */
export async function serveRouter(options: ServeRouterOptions): Promise<ServedRouter> {
  const { cluster, introduction, create, namespace, definitions } = options;
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-router-'));
  const clientFor = (user: string): Promise<KubeClient> => {
    const kubeconfig = path.join(directory, user);
    cluster.writeKubeconfig(kubeconfig, user);
    return createClient({ kubeconfig, userAgent: user });
  };
  const admin = await clientFor('person');
  if (definitions !== undefined)
    for (const document of parseAllDocuments(readFileSync(definitions, 'utf8')))
      await ensure(() => admin.create(resources.customResourceDefinitions, document.toJS() as RawObject));
  await ensure(() => admin.create(resources.namespaces, { metadata: { name: namespace } }));
  const watched = watchClient(await clientFor('router'));
  const serve = (port: number) => servePlugin({ ...introduction, router: create(watched.client) }, { port });
  let served = await serve(0);
  const port = Number(served.address.split(':').at(-1));
  return {
    address: served.address,
    admin,
    watched,
    end: () => served.stop(),
    async restart() {
      await served.stop();
      served = await serve(port);
    },
    async stop() {
      await served.stop();
      watched.client.close();
      admin.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function ensure(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
  }
}
