import { podTemplateHashLabel } from '@sluice/model';
import type { ReplicaSet } from '@sluice/model';
import type { RolloutSnapshot } from '@sluice/engine';

/** The ReplicaSet of each Rollout's stable version as it was last seen: nothing else keeps its pod template in mid-update. */
export interface StableMemory {
  /** Takes in what this snapshot shows; answers with the ReplicaSet where the snapshot lacks it. */
  look(snapshot: Pick<RolloutSnapshot, 'rollout' | 'replicaSets'>): Pick<RolloutSnapshot, 'lastStable'>;
  forget(uid: string): void;
}

export function createStableMemory(): StableMemory {
  const seen = new Map<string, ReplicaSet>();
  return {
    look({ rollout, replicaSets }) {
      const { uid = '' } = rollout.metadata;
      const hash = rollout.status?.stableRS;
      if (!hash) return {};
      const here = replicaSets.find(({ metadata }) => metadata.labels?.[podTemplateHashLabel] === hash);
      if (here) {
        seen.set(uid, here);
        return {};
      }
      const lastStable = seen.get(uid);
      return lastStable === undefined ? {} : { lastStable };
    },
    forget: (uid) => void seen.delete(uid),
  };
}
