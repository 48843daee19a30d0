import type { KubeClient } from './client.ts';
import { durationMsOf, hasExpired, sighting } from './lease-record.ts';
import type { Lease, LeaseSighting } from './lease-record.ts';
import { silentLogger } from './logger.ts';
import type { KubeLogger } from './logger.ts';
import { pause } from './pause.ts';
import { resources } from './resources.ts';

/**
 * - `unknown`: not read yet, or the last good reading is older than one lease duration. Hold.
 * - `absent`: there is no such lease. `released`: it has no holder.
 * - `live`: its renewTime changed within its duration, as seen from here. A lease that is seen for the first time counts as live for one duration.
 * - `expired`: it has a holder who did not renew for a whole duration, or for 60 s where the lease states a longer one.
 */
export type ForeignLeaseState = 'unknown' | 'absent' | 'released' | 'live' | 'expired';

export interface ForeignLeaseOptions {
  readonly client: Pick<KubeClient, 'find'>;
  readonly namespace: string;
  readonly name: string;
  /** 3 s between readings. */
  readonly pollMs?: number;
  /** A lease that states a longer duration counts for this long after each renewal: 60 s. */
  readonly maxDurationMs?: number;
  readonly onChange?: (state: ForeignLeaseState, holder: string | undefined) => void;
  readonly logger?: KubeLogger;
}

export interface ForeignLease {
  start(): void;
  stop(): Promise<void>;
  readonly state: ForeignLeaseState;
  readonly holder: string | undefined;
  /** True only when the other controller certainly does not act: absent, released or expired. */
  readonly isFree: boolean;
}

/**
 * Watches the lease of a controller that is not ours. Never writes. A tenant that may write Leases in that namespace can state any duration; the controller that is
 * expected states 15 s and renews every 2 s, so a stated duration is taken only up to `maxDurationMs`.
 */
export function observeForeignLease(options: ForeignLeaseOptions): ForeignLease {
  const { client, namespace, name, logger = silentLogger, pollMs = 3_000, maxDurationMs = 60_000 } = options;
  let seen: LeaseSighting | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let announced: ForeignLeaseState | undefined;
  let stopper: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  function state(): ForeignLeaseState {
    const durationMs = Math.min(durationMsOf(seen?.lease), maxDurationMs);
    if (performance.now() - readAtMs > Math.max(durationMs, 2 * pollMs)) return 'unknown';
    if (seen === undefined) return 'absent';
    if (!seen.lease.spec?.holderIdentity) return 'released';
    return hasExpired(seen, durationMs) ? 'expired' : 'live';
  }

  async function read(signal: AbortSignal): Promise<void> {
    const sentAtMs = performance.now();
    const lease = await client.find<Lease>(resources.leases, { namespace, name }, { signal, timeoutMs: 10_000 });
    seen = lease === undefined ? undefined : sighting(seen, lease);
    readAtMs = sentAtMs;
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await read(signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ lease: `${namespace}/${name}`, error: String(error) }, "cannot read another controller's lease");
      }
      announce();
      await pause(pollMs, signal);
    }
  }

  function announce(): void {
    const current = state();
    if (current === announced) return;
    announced = current;
    options.onChange?.(current, seen?.lease.spec?.holderIdentity ?? undefined);
  }

  return {
    start() {
      if (stopper !== undefined) return;
      stopper = new AbortController();
      running = run(stopper.signal);
    },
    async stop() {
      stopper?.abort();
      await running;
      stopper = undefined;
    },
    get state() {
      return state();
    },
    get holder() {
      return seen?.lease.spec?.holderIdentity || undefined;
    },
    get isFree() {
      return ['absent', 'released', 'expired'].includes(state());
    },
  };
}
