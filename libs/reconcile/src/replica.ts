import type { Authority } from '@sluice/kube';
import type { Assembly, Part } from '@sluice/service';
import type { CacheSet } from './cache-set.ts';

export interface ReplicaOptions {
  readonly caches: CacheSet;
  readonly authority: Authority;
  /** Started last, when the caches are filled and it is known who is in charge; stopped first. */
  readonly controller: { start(): void; stop(): Promise<void> };
  /** Told what happened; what waits to be told when everything else has stopped is still told. */
  readonly recorder: { stop(): Promise<void> };
  /** What else there is, started after the caches and before the standing is found out. The signal aborts when the replica stops before it has started. */
  readonly others?: (signal: AbortSignal) => readonly Part[];
  readonly routes?: Assembly['routes'];
  /** After everything has stopped. */
  readonly onStopped?: () => void;
}

export interface Replica extends Assembly {
  readonly parts: readonly Part[];
  /** Starts all parts in order; for tests, where no service runs around it. Resolves with the addresses of the parts that have one. */
  start(): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

// Watches end after 290 s at the latest: silence for so long means that they do not come back.
const silentTooLongMs = 400_000;

/** One replica of a service that looks after objects. Nothing is started yet. */
export function createReplica(options: ReplicaOptions): Replica {
  const { caches, authority, controller, recorder } = options;
  const stopper = new AbortController();
  const parts: readonly Part[] = [
    {
      name: 'caches',
      async start() {
        caches.start();
        await caches.whenSynced(stopper.signal);
      },
      stop: () => caches.stop(),
    },
    { name: 'events', start: () => undefined, stop: () => recorder.stop() },
    ...(options.others?.(stopper.signal) ?? []),
    { name: 'authority', start: () => authority.start(), stop: () => authority.stop() },
    { name: 'controller', start: () => controller.start(), stop: () => controller.stop() },
  ];
  return {
    parts,
    live: {
      watches: () =>
        !caches.synced ||
        caches.lastEventAgeMs < silentTooLongMs ||
        'no sign of life from the API server on some watch',
    },
    ready: {
      caches: () => caches.synced || 'still listing',
      authority: () => authority.isSettled || 'it is not known yet who is in charge',
    },
    ...(options.routes === undefined ? {} : { routes: options.routes }),
    async start() {
      const addresses: Record<string, string> = {};
      for (const part of parts) {
        const address = await part.start();
        if (typeof address === 'string') addresses[part.name] = address;
      }
      return addresses;
    },
    async stop() {
      stopper.abort(new Error('the replica stops'));
      for (const part of parts.toReversed()) await part.stop?.();
      options.onStopped?.();
    },
  };
}
