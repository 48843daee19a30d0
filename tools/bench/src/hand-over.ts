// Who holds the Leases of a service, as they change.
import { createInformer, resources } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';

export interface HandOvers {
  /** By Lease: who holds it now. */
  holders(): ReadonlyMap<string, string>;
  /** For how long each Lease that has changed hands since the last call was with nobody, in ms; from `sinceMs` (as performance.now() tells) where its holder did not give it back. */
  gaps(sinceMs?: number): readonly number[];
  stop(): Promise<void>;
}

/** `service`: as in the names of its Leases, `sluice-<service>-<shard>`. */
export async function watchHandOvers(client: KubeClient, namespace: string, service: string): Promise<HandOvers> {
  const holders = new Map<string, string>();
  const freeSince = new Map<string, number>();
  let taken: { readonly at: number; readonly freeSince: number | undefined }[] = [];
  const leases = createInformer({ client, ref: resources.leases, namespaces: [namespace] });
  leases.onChange((_before, after) => {
    const name = after?.metadata.name ?? '';
    if (after === undefined || !new RegExp(`^sluice-${service}-\\d+$`).test(name)) return;
    const holder = (after as RawObject)['spec']?.holderIdentity ?? '';
    if (holder === (holders.get(name) ?? '')) return;
    if (holder === '') freeSince.set(name, performance.now());
    else if (holders.has(name)) taken.push({ at: performance.now(), freeSince: freeSince.get(name) });
    if (holder !== '') freeSince.delete(name);
    holders.set(name, holder);
  });
  leases.start();
  await leases.whenSynced();
  return {
    holders: () => holders,
    gaps(sinceMs) {
      const found = taken.map(({ at, freeSince: free }) => at - (free ?? sinceMs ?? at));
      taken = [];
      return found;
    },
    stop: () => leases.stop(),
  };
}
