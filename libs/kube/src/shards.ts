import { createLeaderElection, leaseName } from './leader-election.ts';
import type { LeaderElection, LeaderElectionOptions } from './leader-election.ts';

/**
 * Which objects this replica is responsible for. Services ask for each key, before each write, so that partitioning over several leases changes nothing in
 * them. Today there is one shard: one replica owns all keys, the others stand by.
 */
export interface Shards {
  start(): void;
  stop(): Promise<void>;
  /** Whether writing on behalf of this key is allowed now. */
  owns(key: string): boolean;
  /** The epoch to send along with calls to plugins for this key; undefined when it is not ours. */
  epochOf(key: string): number | undefined;
  /** Lease name and holder of each shard, for health pages. */
  describe(): readonly { readonly lease: string; readonly holder: string | undefined; readonly mine: boolean }[];
}

export interface ShardOptions extends Omit<LeaderElectionOptions, 'name'> {
  /** e.g. `rollout-controller`: the lease is `sluice-rollout-controller-0`, with an instance id `sluice-rollout-controller-<id>-0`. */
  readonly service: string;
  readonly instanceId?: string;
}

export function createShards(options: ShardOptions): Shards {
  const name = leaseName(options.service, 0, options.instanceId);
  const election: LeaderElection = createLeaderElection({ ...options, name });
  return {
    start: () => election.start(),
    stop: () => election.stop(),
    owns: () => election.isLeader(),
    epochOf: () => election.epoch,
    describe: () => [{ lease: name, holder: election.holder, mine: election.isLeader() }],
  };
}
