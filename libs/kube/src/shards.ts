import { createLeaderElection, leaseName } from './leader-election.ts';
import type { LeaderElection, LeaderElectionOptions, Leadership } from './leader-election.ts';
import { silentLogger } from './logger.ts';
import { createShardMembers } from './shard-members.ts';
import type { ShardMembersOptions } from './shard-members.ts';

/**
 * Which objects this replica is responsible for. Services ask for each key, before each write. With one shard one replica owns all keys and the others stand by;
 * with several, the replicas that live share them evenly: who comes gets its part within a few seconds, and the part of who goes is taken over.
 */
export interface Shards {
  start(): void;
  stop(): Promise<void>;
  /** Whether writing on behalf of this key is allowed now. */
  owns(key: string): boolean;
  /** The epoch to send along with calls to plugins for this key; undefined when it is not ours. */
  epochOf(key: string): number | undefined;
  /** Aborts when this replica stops being responsible for the key; undefined when it is not. */
  signalOf(key: string): AbortSignal | undefined;
  /** The Lease of the key's shard, and who holds it as far as is known here. */
  leaseOf(key: string): ShardLease;
  /** Each Lease that concerns us has been looked at. */
  readonly isSettled: boolean;
  /** Lease name and holder of each shard, for health pages. */
  describe(): readonly ShardLease[];
}

export interface ShardLease {
  readonly lease: string;
  readonly holder: string | undefined;
  readonly mine: boolean;
}

export interface ShardOptions extends Omit<LeaderElectionOptions, 'name' | 'onAcquired' | 'onLost' | 'client'> {
  /** Also lists and removes Leases when there are several shards. */
  readonly client: LeaderElectionOptions['client'] & Partial<Pick<ShardMembersOptions['client'], 'list' | 'remove'>>;
  /** e.g. `rollout-controller`: the lease is `sluice-rollout-controller-0`, with an instance id `sluice-rollout-controller-<id>-0`. */
  readonly service: string;
  readonly instanceId?: string;
  /** Into how many parts the keys are cut, and so how many replicas can work at once: 1. All replicas must say the same. */
  readonly count?: number;
  readonly onAcquired?: (leadership: Leadership, shard: number) => void;
  /** A shard that is given to another replica is let go only when this has resolved; one that was lost is gone already. */
  readonly beforeRelease?: (shard: number) => Promise<void>;
  readonly onLost?: (why: Parameters<NonNullable<LeaderElectionOptions['onLost']>>[0], shard: number) => void;
}

/** FNV-1a: spreads uids and names evenly, the same in every release. */
export function shardOf(key: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0;
  return hash % count;
}

export function createShards(options: ShardOptions): Shards {
  const { service, instanceId, count = 1, identity } = options;
  const shards = Array.from({ length: count }, (_none, index) => createShard(options, index));
  const assign = (): void => {
    if (members === undefined || members.live.length === 0) return;
    shards.forEach((shard, index) => shard.want(members.live[index % members.live.length] === identity));
  };
  const members =
    count === 1
      ? undefined
      : createShardMembers({
          client: options.client as ShardMembersOptions['client'],
          namespace: options.namespace,
          prefix: leaseName(service, '', instanceId).slice(0, -1),
          identity,
          leaseDurationMs: options.leaseDurationMs ?? 15_000,
          periodMs: options.retryPeriodMs ?? 2_000,
          logger: options.logger ?? silentLogger,
          onChange: assign,
        });
  const shardFor = (key: string): Shard => shards[count === 1 ? 0 : shardOf(key, count)] as Shard;

  return {
    start() {
      if (members === undefined) shards[0]?.want(true);
      else members.start();
    },
    async stop() {
      await members?.stop();
      await Promise.all(shards.map((shard) => shard.stop()));
    },
    owns: (key) => shardFor(key).election.isLeader(),
    epochOf: (key) => shardFor(key).election.epoch,
    signalOf: (key) => shardFor(key).election.signal,
    leaseOf: (key) => leaseOf(shardFor(key)),
    get isSettled() {
      if (members !== undefined && members.live.length === 0) return false;
      return shards.every(({ wanted, election }) => !wanted || election.isLeader() || election.holder !== undefined);
    },
    describe: () => shards.map(leaseOf),
  };
}

const leaseOf = ({ name, election }: Shard): ShardLease => ({
  lease: name,
  holder: election.holder,
  mine: election.isLeader(),
});

interface Shard {
  readonly name: string;
  readonly election: LeaderElection;
  readonly wanted: boolean;
  /** Runs for the Lease, or gives it to whoever it is meant for. */
  want(wanted: boolean): void;
  stop(): Promise<void>;
}

function createShard(options: ShardOptions, index: number): Shard {
  const name = leaseName(options.service, index, options.instanceId);
  const { onAcquired, onLost, beforeRelease, ...rest } = options;
  const election = createLeaderElection({
    ...rest,
    name,
    ...(onAcquired === undefined ? {} : { onAcquired: (leadership) => onAcquired(leadership, index) }),
    ...(onLost === undefined ? {} : { onLost: (why) => onLost(why, index) }),
  });
  let wanted = false;
  // One after the other: a start that overtakes its stop would be lost.
  let turn: Promise<void> = Promise.resolve();
  const change = (next: boolean): void => {
    if (next === wanted) return;
    wanted = next;
    turn = turn.then(async () => {
      if (next) return election.start();
      if (election.isLeader()) await beforeRelease?.(index);
      await election.stop();
    });
  };
  return {
    name,
    election,
    get wanted() {
      return wanted;
    },
    want: change,
    async stop() {
      change(false);
      await turn;
    },
  };
}
