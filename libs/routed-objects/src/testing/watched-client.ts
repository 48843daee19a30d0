import { KubeError, pathOf } from '@sluice/kube';
import type { KubeClient, ObjectKey, ResourceRef } from '@sluice/kube';

/** What is to happen to the calls of a client; each is undefined while all is well. */
export interface ClientFaults {
  /** No call is answered. */
  held?: boolean;
  /** So many writes more are refused with Conflict. */
  conflicts?: number;
  /** Writes to objects of these names are refused, as by a missing permission. */
  refused?: ReadonlySet<string>;
  /** Runs before, or after, the next write, then no more. */
  beforeWrite?: (() => Promise<void>) | undefined;
  afterWrite?: (() => Promise<void>) | undefined;
}

export interface WatchedClient {
  /** For the router that is tested. */
  readonly client: KubeClient;
  /** To be changed by tests. */
  readonly faults: ClientFaults;
  /** Writes that the server has carried out. */
  writes(): number;
  /** Writes that were refused with Conflict by `faults.conflicts`. */
  refusedWrites(): number;
  /** Called after each of them. */
  onWrite: (() => Promise<void>) | undefined;
}

/** A client whose writes are counted, and whose calls can be made to fail. */
export function watchClient(real: KubeClient): WatchedClient {
  let writes = 0;
  let refusedWrites = 0;
  const faults: ClientFaults = {};

  async function read<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
    if (faults.held === true) await neverAnswered(signal);
    return call();
  }

  async function write<T>(
    ref: ResourceRef,
    key: ObjectKey,
    signal: AbortSignal | undefined,
    call: () => Promise<T>,
  ): Promise<T> {
    if (faults.held === true) await neverAnswered(signal);
    const where = `write ${pathOf(ref, key)}`;
    if (faults.refused?.has(key.name ?? '') === true)
      throw new KubeError({ code: 'Forbidden', status: 403, message: `${where}: refused by the test` });
    if ((faults.conflicts ?? 0) > 0) {
      faults.conflicts = (faults.conflicts ?? 0) - 1;
      refusedWrites++;
      throw new KubeError({ code: 'Conflict', status: 409, message: `${where}: the object has been modified` });
    }
    await once('beforeWrite');
    const answer = await call();
    writes++;
    await watched.onWrite?.();
    await once('afterWrite');
    return answer;
  }

  async function once(when: 'beforeWrite' | 'afterWrite'): Promise<void> {
    const run = faults[when];
    faults[when] = undefined;
    await run?.();
  }

  const client: KubeClient = {
    ...real,
    get: (ref, key, options) => read(options?.signal, () => real.get(ref, key, options)),
    find: (ref, key, options) => read(options?.signal, () => real.find(ref, key, options)),
    list: (ref, options) => read(options?.signal, () => real.list(ref, options)),
    create: (ref, object, options) =>
      write(ref, object.metadata, options?.signal, () => real.create(ref, object, options)),
    replace: (ref, object, options) =>
      write(ref, object.metadata, options?.signal, () => real.replace(ref, object, options)),
    patch: (ref, key, type, body, options) =>
      write(ref, key, options?.signal, () => real.patch(ref, key, type, body, options)),
    remove: (ref, key, options) => write(ref, key, options?.signal, () => real.remove(ref, key, options)),
  };
  const watched: WatchedClient = {
    client,
    faults,
    writes: () => writes,
    refusedWrites: () => refusedWrites,
    onWrite: undefined,
  };
  return watched;
}

function neverAnswered(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal?.reason as Error);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
