import { KubeError } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';

export interface MortalClient extends KubeClient {
  readonly isDead: boolean;
  /** Resolves when it dies. */
  readonly died: Promise<void>;
  /** Every call fails from now on, and every watch ends: as if the whole program had been killed. */
  kill(): void;
}

/**
 * A client that dies right after its `lastWrite`-th write has been carried out and before anybody learns of it. Events and Leases do not
 * count as writes.
 */
export function mortalClient(client: KubeClient, lastWrite = Number.POSITIVE_INFINITY): MortalClient {
  const stopper = new AbortController();
  const died = Promise.withResolvers<void>();
  let writes = 0;
  const dead = (): KubeError => new KubeError({ code: 'Aborted', message: 'this client is dead' });
  const kill = (): void => {
    stopper.abort();
    died.resolve();
  };

  async function living<T>(call: () => Promise<T>): Promise<T> {
    if (stopper.signal.aborted) throw dead();
    const result = await call();
    if (stopper.signal.aborted) throw dead();
    return result;
  }
  async function writing<T>(plural: string, call: () => Promise<T>): Promise<T> {
    return await living(async () => {
      const result = await call();
      if (plural !== 'events' && plural !== 'leases' && ++writes >= lastWrite) kill();
      return result;
    });
  }
  const withSignal = <O extends { readonly signal?: AbortSignal } | undefined>(options: O) => ({
    ...options,
    signal: options?.signal === undefined ? stopper.signal : AbortSignal.any([options.signal, stopper.signal]),
  });

  return {
    namespace: client.namespace,
    server: client.server,
    source: client.source,
    get: (ref, key, options) => living(() => client.get(ref, key, options)),
    find: (ref, key, options) => living(() => client.find(ref, key, options)),
    list: (ref, options) => living(() => client.list(ref, options)),
    pages: (ref, options) => client.pages(ref, withSignal(options)),
    watch: (ref, options) => client.watch(ref, withSignal(options)),
    bearerToken: () => client.bearerToken(),
    raw: (request) => living(() => client.raw(request)),
    create: (ref, object, options) => writing(ref.plural, () => client.create(ref, object, options)),
    replace: (ref, object, options) => writing(ref.plural, () => client.replace(ref, object, options)),
    patch: (ref, key, type, body, options) => writing(ref.plural, () => client.patch(ref, key, type, body, options)),
    remove: (ref, key, options) => writing(ref.plural, () => client.remove(ref, key, options)),
    close: () => client.close(),
    get isDead() {
      return stopper.signal.aborted;
    },
    died: died.promise,
    kill,
  };
}
