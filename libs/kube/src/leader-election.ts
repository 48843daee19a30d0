import type { KubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import { hasExpired, microTime, sighting } from './lease-record.ts';
import type { Lease, LeaseSighting, LeaseSpec } from './lease-record.ts';
import { silentLogger } from './logger.ts';
import type { KubeLogger } from './logger.ts';
import { pause } from './pause.ts';
import { resources } from './resources.ts';

export interface LeaderElectionOptions {
  readonly client: Pick<KubeClient, 'get' | 'find' | 'create' | 'replace'>;
  readonly namespace: string;
  /** The lease; see `leaseName`. */
  readonly name: string;
  /** Unique for each start of a replica, e.g. pod name and a random suffix. */
  readonly identity: string;
  /** 15 s: after so long without renewal others take the lease. */
  readonly leaseDurationMs?: number;
  /** 10 s: after so long without renewal we stop by ourselves. Must be shorter. */
  readonly renewDeadlineMs?: number;
  /** 2 s between tries. */
  readonly retryPeriodMs?: number;
  /** We lead from now on. `signal` aborts the moment we do not any more. */
  readonly onAcquired?: (leadership: Leadership) => void;
  /** We have stopped leading: let go at once, others lead within leaseDuration − renewDeadline. */
  readonly onLost?: (why: 'superseded' | 'not renewed' | 'released') => void;
  /** Written on the Lease, with all that is there already. `takenFrom`: as it was before it is taken; undefined when it is renewed, null when there was none. */
  readonly annotations?: (takenFrom: Lease | null | undefined) => Readonly<Record<string, string>>;
  /** Epochs begin here at least when the Lease is taken: for keys that another Lease was about before. */
  readonly lowestEpoch?: (takenFrom: Lease | null) => number | Promise<number>;
  /** Since when somebody else has seen the Lease as it is: what is not news need not be waited for once more. */
  readonly known?: () => LeaseSighting | undefined;
  /** How often a Lease that is about to be free is tried; `retryPeriodMs`. */
  readonly candidatePeriodMs?: number;
  readonly logger?: KubeLogger;
  readonly random?: () => number;
}

export interface Leadership {
  /** Grows with every change of holder (the lease's leaseTransitions): calls that carry an older one are refused by plugins. */
  readonly epoch: number;
  readonly signal: AbortSignal;
}

export interface LeaderElection {
  start(): void;
  /** Gives the lease back, so that the next replica need not wait for it to run out. */
  stop(): Promise<void>;
  /** Whether writing is allowed now. False once our last renewal is older than the renew deadline, even while the API server cannot be reached. */
  isLeader(): boolean;
  /** The epoch of our leadership; undefined while we do not lead. */
  readonly epoch: number | undefined;
  /** Aborts when our leadership ends; undefined while we do not lead. */
  readonly signal: AbortSignal | undefined;
  /** Who holds the lease as last read; undefined when nobody does or nothing has been read. */
  readonly holder: string | undefined;
}

/** `sluice-<service>-<shard>`; a service that is not partitioned has the one shard `0`. */
export function leaseName(service: string, shard: string | number = 0, instanceId?: string): string {
  return [
    'sluice',
    service,
    ...(instanceId === undefined || instanceId === '' ? [] : [instanceId]),
    String(shard),
  ].join('-');
}

export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { client, namespace, name, identity, logger = silentLogger, random = Math.random } = options;
  const leaseDurationMs = options.leaseDurationMs ?? 15_000;
  const renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
  const retryPeriodMs = options.retryPeriodMs ?? 2_000;
  if (!(retryPeriodMs < renewDeadlineMs && renewDeadlineMs < leaseDurationMs)) {
    throw new RangeError(
      `lease ${name}: retry period (${retryPeriodMs} ms) < renew deadline (${renewDeadlineMs} ms) < lease duration (${leaseDurationMs} ms) must hold.`,
    );
  }
  const fields = { lease: `${namespace}/${name}`, identity };
  let seen: LeaseSighting | undefined;
  let highestEpoch = 0;
  let leading: { epoch: number; validUntilMs: number; stopper: AbortController; timer: NodeJS.Timeout } | undefined;
  let stopper: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  const isLeader = (): boolean => leading !== undefined && performance.now() < leading.validUntilMs;

  function lose(why: 'superseded' | 'not renewed' | 'released'): void {
    if (leading === undefined) return;
    const lost = leading;
    leading = undefined;
    clearTimeout(lost.timer);
    logger[why === 'released' ? 'info' : 'warn']({ ...fields, epoch: lost.epoch, why }, 'no longer leading');
    lost.stopper.abort(new Error(`lease ${namespace}/${name}: ${why}`));
    options.onLost?.(why);
  }

  function see(lease: Lease): void {
    const known = sighting(options.known?.(), lease);
    seen = sighting(seen, lease);
    if (known.changedAtMs < seen.changedAtMs) seen = known;
    highestEpoch = Math.max(highestEpoch, lease.spec?.leaseTransitions ?? 0);
  }

  // Counted from before the renewal was sent: the server may have stored it at any time after.
  function held(lease: Lease, sentAtMs: number): void {
    see(lease);
    const epoch = lease.spec?.leaseTransitions ?? 0;
    if (leading !== undefined && leading.epoch !== epoch) lose('superseded');
    const validUntilMs = sentAtMs + renewDeadlineMs;
    const timer = setTimeout(() => lose('not renewed'), Math.max(0, validUntilMs - performance.now()));
    if (leading !== undefined) {
      clearTimeout(leading.timer);
      Object.assign(leading, { validUntilMs, timer });
      return;
    }
    leading = { epoch, validUntilMs, stopper: new AbortController(), timer };
    logger.info({ ...fields, epoch }, 'leading');
    options.onAcquired?.({ epoch, signal: leading.stopper.signal });
  }

  function record(before: LeaseSpec | undefined, lowestEpoch = 0): LeaseSpec {
    const now = microTime(Date.now());
    const renewing = before?.holderIdentity === identity;
    return {
      ...before,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: renewing ? (before.acquireTime ?? now) : now,
      renewTime: now,
      // A lease that was deleted and made again must not lead back to epochs that plugins have seen already.
      leaseTransitions: Math.max(
        (before?.leaseTransitions ?? 0) + (renewing ? 0 : 1),
        renewing ? 0 : highestEpoch + 1,
        lowestEpoch,
      ),
    };
  }

  async function write(current: Lease | undefined, spec: LeaseSpec): Promise<void> {
    const sentAtMs = performance.now();
    const call = {
      timeoutMs: Math.max(1_000, renewDeadlineMs - retryPeriodMs),
      ...(stopper === undefined ? {} : { signal: stopper.signal }),
    };
    const added = options.annotations?.(leading === undefined ? (current ?? null) : undefined);
    const annotations = added && { annotations: { ...current?.metadata.annotations, ...added } };
    const metadata = { name, namespace, ...current?.metadata, ...annotations };
    const lease =
      current === undefined
        ? await client.create<Lease>(resources.leases, { metadata, spec }, call)
        : await client.replace<Lease>(resources.leases, { ...current, metadata, spec }, call);
    held(lease, sentAtMs);
  }

  async function tryOnce(): Promise<void> {
    // While leading, renew what we wrote last without reading: the resourceVersion tells whether it still is ours.
    let current: Lease | undefined = leading === undefined ? undefined : seen?.lease;
    if (current === undefined) {
      const call = { timeoutMs: renewDeadlineMs, ...(stopper === undefined ? {} : { signal: stopper.signal }) };
      current = await client.find<Lease>(resources.leases, { namespace, name }, call);
      if (current !== undefined) see(current);
    }
    const holder = current?.spec?.holderIdentity ?? '';
    if (current !== undefined && holder !== '' && holder !== identity && seen !== undefined && !hasExpired(seen))
      return lose('superseded');
    const lowest = leading === undefined ? await options.lowestEpoch?.(current ?? null) : undefined;
    await write(current, record(current?.spec, lowest));
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await tryOnce();
      } catch (error) {
        if (signal.aborted) return;
        if (isKubeError(error, 'Conflict', 'AlreadyExists', 'NotFound') && leading !== undefined) await confirm(error);
        else if (!isKubeError(error, 'Conflict', 'AlreadyExists'))
          logger.warn({ ...fields, error: String(error) }, 'cannot read or renew the lease');
      }
      const periodMs = leading === undefined ? (options.candidatePeriodMs ?? retryPeriodMs) : retryPeriodMs;
      await pause(periodMs * (0.8 + 0.4 * random()), signal);
    }
  }

  /** Somebody else wrote the lease while we led: still ours (a kubectl edit), or taken? Without an answer the renew deadline decides. */
  async function confirm(cause: unknown): Promise<void> {
    try {
      const current = await client.get<Lease>(resources.leases, { namespace, name }, { timeoutMs: retryPeriodMs });
      see(current);
      if (current.spec?.holderIdentity !== identity) lose('superseded');
      else if (isLeader()) await write(current, record(current.spec));
    } catch (error) {
      if (isKubeError(error, 'NotFound')) lose('superseded');
      else logger.warn({ ...fields, error: String(error), cause: String(cause) }, 'cannot confirm the lease');
    }
  }

  async function release(): Promise<void> {
    const mine = leading === undefined ? undefined : seen?.lease;
    lose('released');
    if (mine === undefined) return;
    try {
      await client.replace(resources.leases, released(mine), { timeoutMs: 2_000 }).catch(async (error: unknown) => {
        if (!isKubeError(error, 'Conflict')) throw error;
        // The renewal that stopping interrupted had been stored.
        const current = await client.get<Lease>(resources.leases, { namespace, name }, { timeoutMs: 2_000 });
        if (current.spec?.holderIdentity === identity)
          await client.replace(resources.leases, released(current), { timeoutMs: 2_000 });
      });
    } catch (error) {
      // Then it runs out by itself.
      logger.debug({ ...fields, error: String(error) }, 'the lease could not be given back');
    }
  }

  return {
    start() {
      if (stopper !== undefined) return;
      stopper = new AbortController();
      running = run(stopper.signal);
    },
    async stop() {
      if (stopper === undefined) return;
      stopper.abort();
      await running;
      stopper = undefined;
      await release();
    },
    isLeader,
    get epoch() {
      return isLeader() ? leading?.epoch : undefined;
    },
    get signal() {
      return isLeader() ? leading?.stopper.signal : undefined;
    },
    get holder() {
      return seen?.lease.spec?.holderIdentity || undefined;
    },
  };
}

function released(lease: Lease): Lease {
  const now = microTime(Date.now());
  return {
    ...lease,
    spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now },
  };
}
