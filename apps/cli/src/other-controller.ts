import { type KubeClient, isKubeError, resources } from '@sluice/kube';
import { type Lease, type Rollout, instanceIdLabel, parseTime } from '@sluice/model';

/** Another controller of this API that is at work in the cluster. */
export interface OtherController {
  /** `namespace/name`. */
  readonly lease: string;
  readonly holder: string;
}

const LEASE = 'argo-rollouts-controller-lock';
const NAMESPACES = ['argo-rollouts', 'sluice-system'];

/** The other controller that looks after a Rollout, by its Lease; undefined when there is none, or its Lease may not be read. */
export async function liveOtherController(
  client: KubeClient,
  rollout: Rollout,
  nowMs: number,
): Promise<OtherController | undefined> {
  const instanceId = rollout.metadata.labels?.[instanceIdLabel];
  const name = instanceId === undefined ? LEASE : `${LEASE}-${instanceId}`;
  for (const namespace of NAMESPACES) {
    const lease = await findLease(client, namespace, name);
    const holder = lease?.spec?.holderIdentity ?? '';
    if (lease !== undefined && holder !== '' && isLive(lease, nowMs)) return { lease: `${namespace}/${name}`, holder };
  }
  return undefined;
}

async function findLease(client: KubeClient, namespace: string, name: string): Promise<Lease | undefined> {
  try {
    return await client.find<Lease>(resources.leases, { namespace, name });
  } catch (error) {
    if (isKubeError(error, 'Forbidden')) return undefined;
    throw error;
  }
}

// Renewed within twice its duration: this machine's clock and the holder's need not agree to the second.
function isLive({ spec }: Lease, nowMs: number): boolean {
  const renewedAt = parseTime(spec?.renewTime);
  return renewedAt !== undefined && nowMs - renewedAt < 2 * (spec?.leaseDurationSeconds ?? 15) * 1000;
}
