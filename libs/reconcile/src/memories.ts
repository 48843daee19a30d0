/** What is remembered of each object between its turns. All of it may be lost. */
export interface Memories<M> {
  /** The memory of the object of that key, begun anew where it is another object by now, or where somebody else was in charge of it since. */
  of(key: string, uid: string, leadership: AbortSignal, begin: () => M): Remembered<M>;
  /** Lets go what is remembered of the key. */
  forget(key: string): void;
  keys(): readonly string[];
  /** Those that something is remembered of. */
  leaderships(): ReadonlySet<AbortSignal>;
}

export interface Remembered<M> {
  readonly uid: string;
  readonly leadership: AbortSignal;
  readonly memory: M;
  /** Decisions in a row that were thrown away before anything was written. */
  discarded: number;
}

/** `letGo`: whatever else is kept by the uid has to go as well. */
export function createMemories<M>(letGo: (uid: string, memory: M) => void): Memories<M> {
  const byKey = new Map<string, Remembered<M>>();

  function forget(key: string): void {
    const known = byKey.get(key);
    if (known === undefined) return;
    byKey.delete(key);
    letGo(known.uid, known.memory);
  }

  return {
    of(key, uid, leadership, begin) {
      const known = byKey.get(key);
      if (known?.uid === uid && known.leadership === leadership) return known;
      forget(key);
      const fresh = { uid, leadership, memory: begin(), discarded: 0 };
      byKey.set(key, fresh);
      return fresh;
    },
    forget,
    keys: () => [...byKey.keys()],
    leaderships: () => new Set([...byKey.values()].map(({ leadership }) => leadership)),
  };
}
