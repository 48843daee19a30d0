import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { Failure } from '../first-stage/failure.mjs';
import { root } from '../first-stage/workspace.mjs';
import { applyManifests, readManifests } from './manifests.ts';

const ESTABLISHED_WITHIN_MS = 30_000;

/** The CRDs of Sluice itself. */
export const sluiceCrds = path.join(root, 'charts/sluice/crds');

/** The kinds that routers route by, without their schemas: for clusters that are made to try things. */
export const routerCrds = path.join(root, 'tools/control-plane/routers.crds.yaml');

/** Applies the CRDs of `places` (files or folders) and answers when the API server serves them all. */
export async function installCustomResources(
  client: KubeClient,
  places: readonly string[] = [sluiceCrds],
): Promise<void> {
  const definitions = places.flatMap((place) => readManifests(place));
  await applyManifests(client, definitions, '');
  const deadline = Date.now() + ESTABLISHED_WITHIN_MS;
  for (const { metadata } of definitions) {
    while (!(await isEstablished(client, metadata.name as string))) {
      if (Date.now() > deadline)
        throw new Failure(`${metadata.name} is not served ${ESTABLISHED_WITHIN_MS / 1000} s after it was applied`);
      await sleep(50);
    }
  }
}

/** Throws a Failure that says how to install the CRDs of Sluice when the cluster does not have them. */
export async function expectCustomResources(client: KubeClient): Promise<void> {
  try {
    await client.pages(resources.rollouts, { pageSize: 1 }).next();
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error;
    const how = 'add --install-crds, or type "kubectl apply --server-side -f charts/sluice/crds"';
    throw new Failure(`the cluster at ${client.server} does not serve Rollouts: ${how}`, { cause: error });
  }
}

async function isEstablished(client: KubeClient, name: string): Promise<boolean> {
  const definition = await client.find(resources.customResourceDefinitions, { name });
  const conditions = (definition?.['status']?.conditions ?? []) as { type: string; status: string }[];
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
}
