import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type KubeClient, createClient, isKubeError, resources, silentLogger } from '@sluice/kube';
import { startLocalCluster } from '@sluice/local-cluster';
import { createRolloutController } from '@sluice/rollout-controller';
import { parse } from 'yaml';
import type { Run } from './run.ts';

/** The local cluster with our CRDs and a rollout-controller, and the program as people start it. */
export interface LiveCluster {
  readonly client: KubeClient;
  readonly directory: string;
  /** Runs `sluice …` as a process of its own. */
  sluice(...args: string[]): Promise<Run>;
  stop(): Promise<void>;
}

const BINARY = fileURLToPath(new URL('../bin/sluice.mjs', import.meta.url));
const CRDS = fileURLToPath(new URL('../../../charts/sluice/crds/', import.meta.url));

export async function startLiveCluster(): Promise<LiveCluster> {
  const cluster = await startLocalCluster();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-live-'));
  const kubeconfig = join(directory, 'kubeconfig');
  cluster.writeKubeconfig(kubeconfig);
  const client = await createClient({ kubeconfig });
  for (const file of readdirSync(CRDS)) {
    await client.create(resources.customResourceDefinitions, parse(readFileSync(join(CRDS, file), 'utf8')));
  }
  await untilServed(client);
  const controller = createRolloutController({
    client,
    logger: silentLogger,
    systemNamespace: 'default',
    identity: 'test',
    leaderElect: false,
    foreignNamespaces: [],
  });
  await controller.start();
  return {
    client,
    directory,
    sluice: (...args) => runBinary([...args, '--kubeconfig', kubeconfig]),
    async stop() {
      await controller.stop();
      client.close();
      await cluster.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

async function untilServed(client: KubeClient): Promise<void> {
  for (;;) {
    try {
      await client.list(resources.rollouts);
      return;
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
      await delay(20);
    }
  }
}

function runBinary(args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BINARY, ...args], (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
  });
}
