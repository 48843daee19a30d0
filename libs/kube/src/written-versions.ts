import type { Informer } from './informer.ts';
import type { KubeObject } from './resources.ts';

/**
 * Read your writes: remembers, for each reconciled object, what was written on its behalf and is not in the caches yet. A decision taken from a cache that is
 * behind would repeat the write (a second ReplicaSet, a measurement too many).
 */
export interface WrittenVersions {
  /** `object` is the server's answer to a create, replace or patch; it will come back through `informer`. */
  wrote(key: string, informer: Cache, object: KubeObject): void;
  /** `object`, as it was cached, has been deleted. */
  removed(key: string, informer: Cache, object: KubeObject): void;
  /** True while any cache is older than what was written for `key`: come back in about 100 ms. */
  isBehind(key: string): boolean;
  /** The reconciled object is gone. */
  forget(key: string): void;
  readonly size: number;
}

/** The part of an informer that is asked. */
export type Cache = Pick<Informer<KubeObject>, 'hasSeen' | 'get'>;

interface Pending {
  readonly informer: Cache;
  readonly object: KubeObject;
  readonly kind: 'written' | 'removed';
  readonly until: number;
}

/** `expireMs` (30 s): after so long a write no longer holds its key back, so that a server restored from a backup cannot stop a rollout for ever. */
export function createWrittenVersions({ expireMs = 30_000 }: { readonly expireMs?: number } = {}): WrittenVersions {
  const pending = new Map<string, Map<string, Pending>>();

  function remember(key: string, informer: Cache, object: KubeObject, kind: Pending['kind']): void {
    const mine = pending.get(key) ?? new Map<string, Pending>();
    pending.set(key, mine);
    const { uid = '', namespace = '', name = '' } = object.metadata;
    mine.set(`${object.kind ?? ''}/${namespace}/${name}/${uid}`, {
      informer,
      object,
      kind,
      until: performance.now() + expireMs,
    });
  }

  return {
    wrote: (key, informer, object) => remember(key, informer, object, 'written'),
    removed: (key, informer, object) => remember(key, informer, object, 'removed'),
    isBehind(key) {
      const mine = pending.get(key);
      if (mine === undefined) return false;
      for (const [id, entry] of mine) if (performance.now() >= entry.until || isVisible(entry)) mine.delete(id);
      if (mine.size === 0) pending.delete(key);
      return mine.size > 0;
    },
    forget: (key) => void pending.delete(key),
    get size() {
      return pending.size;
    },
  };
}

function isVisible({ informer, object, kind }: Pending): boolean {
  const { namespace, name = '', uid, resourceVersion = '' } = object.metadata;
  if (kind === 'written') return informer.hasSeen(object.metadata, resourceVersion);
  const cached = informer.get(namespace, name)?.metadata;
  return cached === undefined || cached.uid !== uid || cached.deletionTimestamp !== undefined;
}
