// The data plane of a local cluster: fed by the cluster's own store.
import type { Clock } from '../clock.ts';
import type { Store } from '../storage/store.ts';
import { createClusterObjects } from './objects/cluster-objects.ts';
import { followStore } from './objects/follow-store.ts';
import type { DataPlane, DataPlaneOptions } from './start.ts';
import { startDataPlane } from './start.ts';

export interface LocalDataPlane extends DataPlane {
  /** The store was reset. */
  reread(): void;
}

export async function startLocalDataPlane(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  options: DataPlaneOptions,
): Promise<LocalDataPlane> {
  const objects = createClusterObjects();
  const plane = await startDataPlane(objects, clock.now, options);
  const following = followStore(store, objects);
  return {
    ...plane,
    reread: following.reread,
    async stop() {
      following.stop();
      await plane.stop();
    },
  };
}
