import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import { observeForeignLease } from './foreign-lease.ts';
import type { ForeignLeaseState } from './foreign-lease.ts';
import type { LeaderElectionOptions } from './leader-election.ts';
import type { KubeLogger } from './logger.ts';
import { resources } from './resources.ts';
import { createShards } from './shards.ts';
import type { ShardLease, Shards } from './shards.ts';

/**
 * - `in charge`: may write.
 * - `standby`: another replica of ours holds the Lease, or none could be had yet.
 * - `other controller`: another controller of this API is live, or it cannot be told whether one is. Observe only.
 */
export type Standing = 'in charge' | 'standby' | 'other controller';

/** Whether this replica may write, and on behalf of which objects. */
export interface Authority {
  /** Resolves when it is known who is in charge. */
  start(): Promise<void>;
  /** Gives the Lease back. */
  stop(): Promise<void>;
  standing(key: string): Standing;
  /** Each Lease has been looked at. */
  readonly isSettled: boolean;
  /** Rises with each change of the Lease; calls to plugins carry it. 0 where there is no Lease. */
  epoch(key: string): number;
  /** Aborts when the leadership of the key's shard, during which it was asked for, ends: the same signal for as long as that lasts. Aborted where there is none. */
  signal(key: string): AbortSignal;
  /** The Lease that decides who writes for the key, and who holds it as far as is known here. */
  leaseOf(key: string): ShardLease;
  /** For people: why the standing is what it is. */
  describe(): AuthorityDescription;
}

export interface AuthorityDescription {
  /** For some keys at least. */
  readonly mayWrite: boolean;
  readonly leases: ReturnType<Shards['describe']>;
  readonly otherControllers: readonly {
    readonly lease: string;
    readonly state: ForeignLeaseState;
    readonly holder: string | undefined;
  }[];
}

export interface AuthorityOptions extends Pick<
  LeaderElectionOptions,
  'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs'
> {
  readonly client: KubeClient;
  /** Part of the Lease's name: `rollout-controller`. */
  readonly service: string;
  readonly systemNamespace: string;
  readonly instanceId?: string;
  /** Unique for each start. */
  readonly identity: string;
  /** False: this replica is the only one, and writes without a Lease. */
  readonly leaderElect: boolean;
  /** Where the other controller may keep its Lease; empty: nobody else is expected. */
  readonly foreignNamespaces: readonly string[];
  readonly foreignPollMs?: number;
  /** Into how many parts the keys are cut, for services whose replicas share the work: 1. */
  readonly shards?: number;
  /** A shard that another replica is to have is let go when this has resolved. */
  readonly beforeRelease?: (shard: number, leadership: AbortSignal) => Promise<void>;
  readonly logger: KubeLogger;
  /** The standing may have changed. */
  readonly onChange: () => void;
  /** What `start` throws when the namespace for the Lease is missing. */
  readonly refusal?: (message: string, cause: unknown) => Error;
}

/** The Lease of the reference controller. Source: spec-rollout §9.1. */
export function foreignLeaseName(instanceId: string | undefined): string {
  return instanceId ? `argo-rollouts-controller-lock-${instanceId}` : 'argo-rollouts-controller-lock';
}

const settlePollMs = 20;
const never = new AbortController().signal;

export function createAuthority(options: AuthorityOptions): Authority {
  const { client, logger, onChange, systemNamespace: namespace } = options;
  const shards = createShards({
    client,
    namespace,
    service: options.service,
    identity: options.identity,
    ...(options.instanceId ? { instanceId: options.instanceId } : {}),
    ...(options.shards === undefined ? {} : { count: options.shards }),
    ...(options.beforeRelease === undefined ? {} : { beforeRelease: options.beforeRelease }),
    ...(options.leaseDurationMs === undefined ? {} : { leaseDurationMs: options.leaseDurationMs }),
    ...(options.renewDeadlineMs === undefined ? {} : { renewDeadlineMs: options.renewDeadlineMs }),
    ...(options.retryPeriodMs === undefined ? {} : { retryPeriodMs: options.retryPeriodMs }),
    logger,
    onAcquired: onChange,
    onLost: onChange,
  });
  const unread = new Set<string>();
  const others = [...new Set(options.foreignNamespaces)].map((where) => {
    const name = foreignLeaseName(options.instanceId);
    const lease = `${where}/${name}`;
    unread.add(lease);
    const observer = observeForeignLease({
      client,
      namespace: where,
      name,
      ...(options.foreignPollMs === undefined ? {} : { pollMs: options.foreignPollMs }),
      logger,
      onChange: (state, holder) => {
        unread.delete(lease);
        tellOfOther(logger, lease, state, holder);
        onChange();
      },
    });
    return { lease, observer };
  });

  let stopped = false;
  const isObserving = (): boolean => others.some(({ observer }) => !observer.isFree);
  const isSettled = (): boolean => unread.size === 0 && (!options.leaderElect || shards.isSettled);

  return {
    async start() {
      for (const { observer } of others) observer.start();
      if (options.leaderElect) {
        await assertNamespace(options);
        shards.start();
      }
      while (!isSettled() && !stopped) await delay(settlePollMs);
    },
    async stop() {
      stopped = true;
      await Promise.all(others.map(({ observer }) => observer.stop()));
      if (options.leaderElect) await shards.stop();
    },
    standing(key) {
      if (isObserving()) return 'other controller';
      return !options.leaderElect || shards.owns(key) ? 'in charge' : 'standby';
    },
    get isSettled() {
      return isSettled();
    },
    epoch: (key) => (options.leaderElect ? (shards.epochOf(key) ?? 0) : 0),
    signal: (key) => (options.leaderElect ? (shards.signalOf(key) ?? AbortSignal.abort()) : never),
    leaseOf: (key) => shards.leaseOf(key),
    describe: () => ({
      mayWrite: !isObserving() && (!options.leaderElect || shards.describe().some(({ mine }) => mine)),
      leases: options.leaderElect ? shards.describe() : [],
      otherControllers: others.map(({ lease, observer }) => ({
        lease,
        state: observer.state,
        holder: observer.holder,
      })),
    }),
  };
}

function tellOfOther(logger: KubeLogger, lease: string, state: ForeignLeaseState, holder: string | undefined): void {
  if (state === 'live') logger.warn({ lease, holder }, 'another controller is live: only observing');
  else if (state === 'unknown')
    logger.warn({ lease }, 'cannot tell whether another controller is live: only observing');
  else if (state !== 'absent') logger.info({ lease, holder, state }, 'the other controller is not live any more');
}

async function assertNamespace({ client, systemNamespace: name, refusal }: AuthorityOptions): Promise<void> {
  try {
    await client.get(resources.namespaces, { name });
  } catch (error) {
    // Reading namespaces may be forbidden where keeping a Lease is not; any other trouble shows with the Lease.
    if (!isKubeError(error, 'NotFound')) return;
    const message = `namespace "${name}", where the Lease is kept, does not exist. Create it (kubectl create namespace ${name}), or name another with --system-namespace.`;
    throw refusal?.(message, error) ?? new Error(message, { cause: error });
  }
}
