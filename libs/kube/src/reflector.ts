import type { KubeClient, Selectors } from './client.ts';
import { KubeError, isKubeError } from './errors.ts';
import type { KubeLogger } from './logger.ts';
import { pause } from './pause.ts';
import { compareResourceVersions } from './resource-version.ts';
import type { RawObject, ResourceRef } from './resources.ts';

/**
 * Where a reflector is. It only ever moves along
 *
 *     stopped → listing → watching → (checking → watching)*
 *                  ↑          ↓ 410, history went back, relist due, server was away
 *                  └──────────┘        and `waiting` (jittered back-off) before any state that failed.
 */
export type ReflectorState = 'stopped' | 'listing' | 'checking' | 'watching' | 'waiting';

/** Receives the objects of one scope (a namespace, or all). Calls come one at a time and must not throw. */
export interface ReflectorSink<T = unknown> {
  /** What to keep of an object of a list, page by page, so that a big list is never held raw; undefined leaves it out. */
  prepare(object: RawObject): T | undefined;
  /** The whole scope as it is now: whatever is not in it is gone. */
  replace(objects: readonly T[]): void;
  set(object: RawObject): void;
  delete(object: RawObject): void;
}

export interface ReflectorTimings {
  /** Length of one watch, ± 10 % at random: 290 s. */
  readonly watchSeconds?: number;
  /** Silence past the end of a watch after which it is taken for dead: 15 s. */
  readonly idleGraceMs?: number;
  /** Lists anew when a watch ends and the last list is older: 30 minutes. */
  readonly relistMs?: number;
  /** Back-off after failures, doubling with jitter: 200 ms to 30 s. */
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  readonly listTimeoutMs?: number;
  readonly pageSize?: number;
}

export interface ReflectorOptions<T = unknown> extends ReflectorTimings, Selectors {
  readonly client: Pick<KubeClient, 'pages' | 'watch'>;
  readonly ref: ResourceRef;
  readonly namespace?: string;
  /** The kind may not be installed: NotFound is an empty list, asked again with back-off. */
  readonly optional?: boolean;
  readonly sink: ReflectorSink<T>;
  readonly logger: KubeLogger;
  readonly random?: () => number;
  readonly onRestart?: (why: 'list' | 'watch', error: unknown) => void;
}

export interface Reflector {
  start(): void;
  stop(): Promise<void>;
  readonly state: ReflectorState;
  /** True once the scope has been listed completely. */
  readonly synced: boolean;
  /** The newest version that this reflector has passed on. */
  readonly resourceVersion: string | undefined;
  /** Time since the server last showed a sign of life, in milliseconds; Infinity before the first. */
  readonly lastEventAgeMs: number;
  readonly lastError: unknown;
}

// A watch that lived so long, or brought something, shows that the trouble before it is over.
const settledMs = 5_000;

/** Keeps a sink equal to what the server has, whatever happens to connections, history and the server itself. */
export function createReflector<T>(options: ReflectorOptions<T>): Reflector {
  const { client, ref, namespace, sink, logger, random = Math.random } = options;
  const scope = { plural: ref.plural, ...(namespace === undefined ? {} : { namespace }) };
  const selectors = { ...scopeOf(namespace), ...selectorsOf(options) };
  let state: ReflectorState = 'stopped';
  let synced = false;
  // The last watch lasted its whole time and brought nothing, not even a bookmark.
  let wasSilent = false;
  let resourceVersion: string | undefined;
  let listedAt = Number.NEGATIVE_INFINITY;
  let aliveAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let lastError: unknown;
  let stopper = new AbortController();
  let running: Promise<void> = Promise.resolve();

  const alive = (): void => void (aliveAt = performance.now());
  const callOptions = (): { signal: AbortSignal; timeoutMs: number } => ({
    signal: stopper.signal,
    timeoutMs: options.listTimeoutMs ?? 60_000,
  });

  async function list(): Promise<void> {
    state = 'listing';
    const objects: T[] = [];
    let version = '';
    try {
      for await (const page of client.pages(ref, { ...selectors, ...pageOf(options), ...callOptions() })) {
        alive();
        for (const raw of page.items) {
          const object = sink.prepare(raw);
          if (object !== undefined) objects.push(object);
        }
        version = page.resourceVersion;
      }
    } catch (error) {
      if (options.optional !== true || !isKubeError(error, 'NotFound')) throw error;
      sink.replace([]);
      synced = true;
      throw error;
    }
    sink.replace(objects);
    resourceVersion = version;
    listedAt = performance.now();
    synced = true;
  }

  // A server that came back without its data (or from a backup) has an older history: a watch from our version would stay silent until it caught up.
  async function check(): Promise<void> {
    state = 'checking';
    const pages = client.pages(ref, { ...selectors, pageSize: 1, ...callOptions() });
    try {
      const first = await pages.next();
      alive();
      if (first.done === true) return;
      const order = compareResourceVersions(first.value.resourceVersion, resourceVersion);
      if (order < 0) throw expired(`${ref.plural}: the server's history went back to ${first.value.resourceVersion}`);
      // Something in between may swallow events, and the next watch be no better: a server that works sends bookmarks.
      if (order > 0 && wasSilent)
        throw expired(
          `${ref.plural}: the last watch brought nothing though the server went on to ${first.value.resourceVersion}`,
        );
    } finally {
      await pages.return();
    }
  }

  async function watch(): Promise<void> {
    state = 'watching';
    const seconds = Math.max(1, Math.round((options.watchSeconds ?? 290) * (0.9 + 0.2 * random())));
    const openedAt = performance.now();
    let heard = false;
    const events = client.watch(ref, {
      ...selectors,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      timeoutSeconds: seconds,
      idleTimeoutMs: seconds * 1000 + (options.idleGraceMs ?? 15_000),
      bookmarks: true,
      signal: stopper.signal,
      onOpen: alive,
    });
    try {
      for await (const event of events) {
        alive();
        heard = true;
        failures = 0;
        const version = event.object.metadata.resourceVersion;
        const older = compareResourceVersions(version, resourceVersion) < 0;
        if (event.type === 'DELETED') sink.delete(event.object);
        else if (older)
          throw expired(`${ref.plural}: the watch brought version ${version ?? ''} after ${resourceVersion ?? ''}`);
        else if (event.type !== 'BOOKMARK') sink.set(event.object);
        if (!older) resourceVersion = version;
      }
      alive();
      // A server that ends each watch at once would otherwise be asked in a tight loop.
      if (performance.now() - openedAt < 1_000)
        throw new KubeError({ code: 'Network', message: `${ref.plural}: the watch ended at once` });
    } finally {
      const lastedMs = performance.now() - openedAt;
      if (lastedMs >= settledMs) failures = 0;
      wasSilent = !heard && lastedMs >= seconds * 950;
    }
  }

  async function rest(): Promise<void> {
    state = 'waiting';
    const ceiling = Math.min(
      options.maxBackoffMs ?? 30_000,
      (options.minBackoffMs ?? 200) * 2 ** Math.min(failures, 20),
    );
    failures += 1;
    await pause(ceiling * (0.5 + 0.5 * random()), stopper.signal);
  }

  function failed(during: 'list' | 'watch', error: unknown): void {
    lastError = error;
    options.onRestart?.(during, error);
    const fields = { ...scope, during, failures, error: error instanceof Error ? error.message : String(error) };
    // The first failure is ordinary (a proxy's timeout, a restarted server); one that goes on is not.
    if (failures === 0) logger.debug(fields, 'watching again');
    else logger.warn(fields, 'cannot watch, trying again');
  }

  async function run(signal: AbortSignal): Promise<void> {
    let next: 'list' | 'watch' = 'list';
    let resumed = false;
    while (!signal.aborted) {
      try {
        if (next === 'list') {
          await list();
          resumed = false;
        } else if (resumed) await check();
        next = 'watch';
        resumed = true;
        await watch();
        if (performance.now() - listedAt >= (options.relistMs ?? 1_800_000)) next = 'list';
      } catch (error) {
        if (signal.aborted) break;
        failed(next, error);
        if (next === 'watch' && mustRelist(error)) next = 'list';
        await rest();
      }
    }
    state = 'stopped';
  }

  return {
    start() {
      if (state !== 'stopped') return;
      stopper = new AbortController();
      state = 'listing';
      running = run(stopper.signal);
    },
    async stop() {
      stopper.abort();
      await running;
    },
    get state() {
      return state;
    },
    get synced() {
      return synced;
    },
    get resourceVersion() {
      return resourceVersion;
    },
    get lastEventAgeMs() {
      return performance.now() - aliveAt;
    },
    get lastError() {
      return lastError;
    },
  };
}

/** After these the version that we hold says nothing any more: the history is gone, or the server was and may be another. */
function mustRelist(error: unknown): boolean {
  if (!isKubeError(error)) return true;
  return (
    error.code !== 'Timeout' &&
    error.code !== 'Unavailable' &&
    error.code !== 'TooManyRequests' &&
    !(error.code === 'Network' && error.reason !== 'Unsent')
  );
}

function expired(message: string): KubeError {
  return new KubeError({ code: 'Expired', message });
}

function scopeOf(namespace: string | undefined): { namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}

function selectorsOf({ labelSelector, fieldSelector }: Selectors): Selectors {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

function pageOf({ pageSize }: ReflectorTimings): { pageSize?: number } {
  return pageSize === undefined ? {} : { pageSize };
}
