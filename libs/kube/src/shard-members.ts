import { createHash } from 'node:crypto';
import type { KubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import { hasExpired, microTime, sighting } from './lease-record.ts';
import type { Lease, LeaseSighting } from './lease-record.ts';
import type { KubeLogger } from './logger.ts';
import { pause } from './pause.ts';
import { resources } from './resources.ts';
import { countIn, shardsAnnotation } from './shard-count.ts';
import type { ShardCount } from './shard-count.ts';

/** Which replicas of a service there are, and who holds what: each keeps a Lease of its own, and looks at all Leases of the service from time to time. */
export interface ShardMembers {
  start(): void;
  /** Takes our Lease away, so that the others share our part at once. */
  stop(): Promise<void>;
  /** Looks again now, rather than when the period is over. */
  lookSoon(): void;
  /** Those that live, ourselves among them, by identity. Empty until the first look. */
  readonly live: readonly ShardMember[];
  /** Into how many parts the keys are cut at the moment, as the Lease of shard 0 says; `changing` while nobody may be in charge, undefined where there is no such Lease yet. */
  readonly countInForce: ShardCount | undefined;
  /** Age of the last look that went well, from before it was asked for, in ms. */
  readonly lookAgeMs: number;
  /** The Lease of that name as it was last seen, and since when it has been as it is. */
  seen(lease: string): LeaseSighting | undefined;
}

export interface ShardMember {
  readonly identity: string;
  /** Into how many parts it cuts the keys. */
  readonly count: number;
}

export interface ShardMembersOptions {
  readonly client: Pick<KubeClient, 'list' | 'create' | 'replace' | 'remove'>;
  readonly namespace: string;
  /** `sluice-<service>[-<instance>]`: what the names of all Leases of the service begin with. */
  readonly prefix: string;
  readonly identity: string;
  readonly count: number;
  readonly leaseDurationMs: number;
  readonly periodMs: number;
  readonly logger: KubeLogger;
  /** After each look. */
  readonly onLook: () => void;
}

/** For people who list Leases. */
const memberLabel = 'sluice.dev/member-of';
/** Nobody cleans up after a replica that was killed; the others do after so many durations. */
const forgottenAfter = 10;

export function createShardMembers(options: ShardMembersOptions): ShardMembers {
  const { client, namespace, prefix, identity, logger } = options;
  const name = `${prefix}-member-${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`;
  const stopper = new AbortController();
  const seen = new Map<string, LeaseSighting>();
  let mine: Lease | undefined;
  let live: readonly ShardMember[] = [];
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let wake = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function renew(): Promise<void> {
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(options.leaseDurationMs / 1000),
      renewTime: microTime(Date.now()),
    };
    const call = { signal: stopper.signal, timeoutMs: options.leaseDurationMs };
    const annotations = { [shardsAnnotation]: String(options.count) };
    const metadata = { name, namespace, labels: { [memberLabel]: prefix }, annotations };
    mine =
      mine === undefined
        ? await client.create<Lease>(resources.leases, { metadata, spec }, call)
        : await client.replace<Lease>(resources.leases, { ...mine, spec }, call);
  }

  async function look(): Promise<void> {
    const sentAtMs = performance.now();
    const { items } = await client.list<Lease>(resources.leases, {
      namespace,
      signal: stopper.signal,
      timeoutMs: options.leaseDurationMs,
    });
    const ours = items.filter((lease) => isOf(prefix, lease));
    const present = new Set(ours.map(nameOf));
    for (const gone of [...seen.keys()].filter((known) => !present.has(known))) seen.delete(gone);
    for (const lease of ours) seen.set(nameOf(lease), sighting(seen.get(nameOf(lease)), lease));
    lookedAtMs = sentAtMs;
    const now = [...seen.values()]
      .filter((one) => isMember(prefix, one.lease))
      .filter((one) => one.lease.spec?.holderIdentity === identity || !hasExpired(one))
      .map(({ lease }) => ({ identity: lease.spec?.holderIdentity ?? '', count: Number(countIn(lease)) }))
      .sort((a, b) => (a.identity < b.identity ? -1 : 1));
    if (JSON.stringify(now) !== JSON.stringify(live))
      logger.info({ members: now.length }, 'the replicas that share the work have changed');
    live = now;
    options.onLook();
  }

  async function clean(): Promise<void> {
    for (const { lease, changedAtMs } of seen.values()) {
      if (!isMember(prefix, lease)) continue;
      if (performance.now() - changedAtMs < forgottenAfter * options.leaseDurationMs) continue;
      await client.remove(resources.leases, lease.metadata, { signal: stopper.signal }).catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    while (!stopper.signal.aborted) {
      wake = new AbortController();
      try {
        await renew();
        await look();
        await clean();
      } catch (error) {
        if (stopper.signal.aborted) return;
        // Deleted or written by hand: begin anew, under the same name.
        if (isKubeError(error, 'NotFound', 'Conflict')) mine = undefined;
        else if (isKubeError(error, 'AlreadyExists'))
          await client.remove(resources.leases, { namespace, name }).catch(() => undefined);
        else logger.warn({ error: String(error) }, 'cannot tell who shares the work: it stays as it is shared for now');
      }
      await pause(options.periodMs, AbortSignal.any([stopper.signal, wake.signal]));
    }
  }

  return {
    start: () => void (running = run()),
    async stop() {
      stopper.abort();
      await running;
      if (mine !== undefined)
        await client.remove(resources.leases, { namespace, name }, { timeoutMs: 2_000 }).catch(() => undefined);
    },
    lookSoon: () => wake.abort(),
    get live() {
      return live;
    },
    get countInForce() {
      const first = seen.get(`${prefix}-0`);
      return first && countIn(first.lease);
    },
    get lookAgeMs() {
      return performance.now() - lookedAtMs;
    },
    seen: (lease) => seen.get(lease),
  };
}

const nameOf = ({ metadata }: Lease): string => metadata.name ?? '';
const isMember = (prefix: string, lease: Lease): boolean => nameOf(lease).startsWith(`${prefix}-member-`);
const isOf = (prefix: string, lease: Lease): boolean =>
  isMember(prefix, lease) ||
  (nameOf(lease).startsWith(`${prefix}-`) && /-\d+$/.exec(nameOf(lease))?.index === prefix.length);
