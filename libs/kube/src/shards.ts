import { assignShards } from './assign-shards.ts';
import { createLeaderElection, leaseName } from './leader-election.ts';
import type { LeaderElection, LeaderElectionOptions, Leadership } from './leader-election.ts';
import type { Lease } from './lease-record.ts';
import { silentLogger } from './logger.ts';
import { resources } from './resources.ts';
import { countIn, createCountFence, shardsAnnotation } from './shard-count.ts';
import type { CountFence } from './shard-count.ts';
import { createShardMembers } from './shard-members.ts';
import type { ShardMembers, ShardMembersOptions } from './shard-members.ts';
import { shardOf } from './shard-of.ts';

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

export interface ShardOptions extends Pick<
  LeaderElectionOptions,
  'namespace' | 'identity' | 'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs' | 'logger' | 'random'
> {
  /** Also lists and removes Leases when there are several shards. */
  readonly client: LeaderElectionOptions['client'] & Partial<Pick<ShardMembersOptions['client'], 'list' | 'remove'>>;
  /** e.g. `rollout-controller`: the lease is `sluice-rollout-controller-0`, with an instance id `sluice-rollout-controller-<id>-0`. */
  readonly service: string;
  readonly instanceId?: string;
  /** Into how many parts the keys are cut, and so how many replicas can work at once: 1. While replicas say different numbers, those with the one in force work. */
  readonly count?: number;
  /** A shard has become ours, or may be written for from now on. */
  readonly onAcquired?: (leadership: Leadership, shard: number) => void;
  /** A shard that is given to another replica is let go only when this has resolved; one that was lost is gone already. */
  readonly beforeRelease?: (shard: number, leadership: AbortSignal) => Promise<void>;
  readonly onLost?: (why: Parameters<NonNullable<LeaderElectionOptions['onLost']>>[0], shard: number) => void;
}

/** What is kept of each shard. */
interface Shard {
  readonly name: string;
  readonly election: LeaderElection;
  readonly wanted: boolean;
  /** Runs for the Lease, or gives it to whoever it is meant for. */
  want(wanted: boolean): void;
  stop(): Promise<void>;
}

/** Above the epochs of all shards that may be taken while it is being asked for. */
const epochMargin = 64;

export function createShards(options: ShardOptions): Shards {
  const { client, namespace, service, instanceId, count = 1, identity } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  const prefix = leaseName(service, '', instanceId).slice(0, -1);
  const fence = createCountFence(count, leaseDurationMs);
  let opening: NodeJS.Timeout | undefined;
  let couldWrite = count === 1;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  const members: ShardMembers | undefined =
    count === 1
      ? undefined
      : createShardMembers({
          client: client as ShardMembersOptions['client'],
          namespace,
          prefix,
          identity,
          count,
          leaseDurationMs,
          periodMs: retryPeriodMs,
          logger: options.logger ?? silentLogger,
          onLook: looked,
        });
  const shards = Array.from({ length: count }, (_none, index) => createShard(options, index, electionExtras(index)));

  /** The keys are cut as we cut them, and this was so a moment ago at least. */
  const countIsOurs = (): boolean =>
    members === undefined ? fence.isOpen : members.countInForce === count && members.lookAgeMs < renewDeadlineMs;

  function looked(): void {
    if (members === undefined) return;
    // Nobody was told when the last look had become too old to go by.
    if (performance.now() - lookedAtMs >= renewDeadlineMs) couldWrite = false;
    lookedAtMs = performance.now() - members.lookAgeMs;
    const inForce = members.countInForce;
    const agreeing = members.live.filter((member) => member.count === inForce);
    const eligible = agreeing.length > 0 ? agreeing : members.live.filter((member) => member.count === count);
    const owners = assignShards(
      count,
      eligible.map((member) => member.identity),
    );
    // Shard 0 comes first: its Lease says into how many parts the keys are cut.
    shards.forEach((shard, index) => shard.want(owners[index] === identity && (index === 0 || inForce === count)));
    tellOfChange();
  }

  /** Whoever holds a Lease may write with it from now on, or not any more. */
  function tellOfChange(): void {
    const canWrite = countIsOurs();
    if (canWrite === couldWrite) return;
    couldWrite = canWrite;
    shards.forEach(({ election }, index) => {
      const { epoch, signal } = election;
      if (canWrite && epoch !== undefined && signal !== undefined) options.onAcquired?.({ epoch, signal }, index);
    });
  }

  function electionExtras(index: number): Partial<LeaderElectionOptions> {
    const name = leaseName(service, index, instanceId);
    return {
      annotations: (takenFrom) => ({
        [shardsAnnotation]: index === 0 ? fence.annotation(takenFrom) : String(count),
      }),
      lowestEpoch: (takenFrom) => lowestEpoch(takenFrom),
      onAcquired(leadership) {
        if (index === 0) firstTaken(fence);
        options.onAcquired?.(leadership, index);
      },
      ...(members === undefined ? {} : { known: () => members.seen(name), candidatePeriodMs: retryPeriodMs / 4 }),
    };
  }

  function firstTaken({ taken }: CountFence): void {
    taken();
    members?.lookSoon();
    if (members !== undefined || fence.isOpen) return;
    couldWrite = false;
    opening = setTimeout(tellOfChange, leaseDurationMs + 1);
  }

  /** Plugins compare epochs by Rollout, and one whose shard has another Lease than before must not seem to come from the past. */
  async function lowestEpoch(takenFrom: Lease | null): Promise<number> {
    if (takenFrom === null ? count === 1 : countIn(takenFrom) === count) return 0;
    const { items = [] } = (await client.list?.<Lease>(resources.leases, { namespace })) ?? {};
    const ours = items.filter(({ metadata }) => metadata.name?.startsWith(`${prefix}-`));
    const epochs = ours.map(({ spec }) => spec?.leaseTransitions ?? 0);
    return Math.max(0, ...epochs) === 0 ? 0 : Math.max(...epochs) + epochMargin;
  }

  const shardFor = (key: string): Shard => shards[count === 1 ? 0 : shardOf(key, count)] as Shard;
  const leaseOf = ({ name, election }: Shard): ShardLease => ({
    lease: name,
    holder: election.isLeader()
      ? identity
      : (members?.seen(name)?.lease.spec?.holderIdentity ?? election.holder) || undefined,
    mine: countIsOurs() && election.isLeader(),
  });

  return {
    start() {
      if (members === undefined) shards[0]?.want(true);
      else members.start();
    },
    async stop() {
      clearTimeout(opening);
      await members?.stop();
      await Promise.all(shards.map((shard) => shard.stop()));
    },
    owns: (key) => countIsOurs() && shardFor(key).election.isLeader(),
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

function createShard(options: ShardOptions, index: number, extras: Partial<LeaderElectionOptions>): Shard {
  const { client, namespace, identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs, logger, random } = options;
  const name = leaseName(options.service, index, options.instanceId);
  const election = createLeaderElection({
    client,
    namespace,
    identity,
    name,
    ...(leaseDurationMs === undefined ? {} : { leaseDurationMs }),
    ...(renewDeadlineMs === undefined ? {} : { renewDeadlineMs }),
    ...(retryPeriodMs === undefined ? {} : { retryPeriodMs }),
    ...(logger === undefined ? {} : { logger }),
    ...(random === undefined ? {} : { random }),
    ...extras,
    onLost: (why) => options.onLost?.(why, index),
  });
  let wanted = false;
  // One after the other: a start that overtakes its stop would be lost.
  let turn: Promise<void> = Promise.resolve();
  const change = (next: boolean): void => {
    if (next === wanted) return;
    wanted = next;
    turn = turn.then(async () => {
      if (next) return election.start();
      const { signal } = election;
      if (signal !== undefined) await options.beforeRelease?.(index, signal);
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
