// Tells listeners of writes: each of them, after the write, in the order of writes, also of those that listeners make themselves.
import type { StoredEvent } from './table.ts';

export interface Announcer {
  observe(key: string, listener: (event: StoredEvent) => void): () => void;
  announce(key: string, event: StoredEvent): void;
  /** Forgets what has not been told yet. */
  clear(): void;
}

export function createAnnouncer(): Announcer {
  const listeners = new Map<string, Set<(e: StoredEvent) => void>>();
  const pending: { key: string; event: StoredEvent }[] = [];
  let telling = false;
  return {
    observe(key, listener) {
      const set = listeners.get(key) ?? new Set();
      listeners.set(key, set);
      set.add(listener);
      return () => void set.delete(listener);
    },
    announce(key, event) {
      pending.push({ key, event });
      if (telling) return;
      telling = true;
      for (let next = pending.shift(); next; next = pending.shift())
        for (const listener of [...(listeners.get(next.key) ?? [])]) safely(listener, next.event);
      telling = false;
    },
    clear: () => void (pending.length = 0),
  };
}

// A listener's error is its own: the write that it hears of has happened, and its writer must not fail for it.
function safely(listener: (event: StoredEvent) => void, event: StoredEvent): void {
  try {
    listener(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
