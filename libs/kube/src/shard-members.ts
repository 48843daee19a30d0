import { createHash } from 'node:crypto';
import type { KubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import { hasExpired, microTime, sighting } from './lease-record.ts';
import type { Lease, LeaseSighting } from './lease-record.ts';
import type { KubeLogger } from './logger.ts';
import { pause } from './pause.ts';
import { resources } from './resources.ts';

/** Which replicas of a service there are: each keeps a Lease of its own, and sees those of the others. */
export interface ShardMembers {
  start(): void;
  /** Takes our Lease away, so that the others share our part at once. */
  stop(): Promise<void>;
  /** Identities of those that live, ourselves among them, sorted. Empty until the first look. */
  readonly live: readonly string[];
}

export interface ShardMembersOptions {
  readonly client: Pick<KubeClient, 'list' | 'create' | 'replace' | 'remove'>;
  readonly namespace: string;
  /** `sluice-<service>[-<instance>]`: what the names of all Leases of the service begin with. */
  readonly prefix: string;
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly periodMs: number;
  readonly logger: KubeLogger;
  readonly onChange: () => void;
}

const memberLabel = 'sluice.dev/member-of';
/** Nobody cleans up after a replica that was killed; the others do after so many durations. */
const forgottenAfter = 10;

export function createShardMembers(options: ShardMembersOptions): ShardMembers {
  const { client, namespace, prefix, identity, logger } = options;
  const name = `${prefix}-member-${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`;
  const stopper = new AbortController();
  const seen = new Map<string, LeaseSighting>();
  let mine: Lease | undefined;
  let live: readonly string[] = [];
  let running: Promise<void> = Promise.resolve();

  async function renew(): Promise<void> {
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(options.leaseDurationMs / 1000),
      renewTime: microTime(Date.now()),
    };
    const call = { signal: stopper.signal, timeoutMs: options.leaseDurationMs };
    const metadata = { name, namespace, labels: { [memberLabel]: prefix } };
    mine =
      mine === undefined
        ? await client.create<Lease>(resources.leases, { metadata, spec }, call)
        : await client.replace<Lease>(resources.leases, { ...mine, spec }, call);
  }

  async function look(): Promise<void> {
    const { items } = await client.list<Lease>(resources.leases, {
      namespace,
      labelSelector: `${memberLabel}=${prefix}`,
      signal: stopper.signal,
    });
    const present = new Set(items.map((lease) => lease.metadata.name ?? ''));
    for (const gone of [...seen.keys()].filter((known) => !present.has(known))) seen.delete(gone);
    for (const lease of items)
      seen.set(lease.metadata.name ?? '', sighting(seen.get(lease.metadata.name ?? ''), lease));
    const now = [...seen.values()]
      .filter((one) => one.lease.spec?.holderIdentity === identity || !hasExpired(one))
      .map(({ lease }) => lease.spec?.holderIdentity ?? '')
      .sort();
    if (now.join() === live.join()) return;
    live = now;
    logger.info({ members: now.length }, 'the replicas that share the work have changed');
    options.onChange();
  }

  async function clean(): Promise<void> {
    for (const { lease, changedAtMs } of seen.values()) {
      if (performance.now() - changedAtMs < forgottenAfter * options.leaseDurationMs) continue;
      await client.remove(resources.leases, lease.metadata, { signal: stopper.signal }).catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    while (!stopper.signal.aborted) {
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
        else logger.warn({ error: String(error) }, 'cannot tell who shares the work: it stays as it is shared');
      }
      await pause(options.periodMs, stopper.signal);
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
    get live() {
      return live;
    },
  };
}
