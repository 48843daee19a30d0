/** What was last seen of each rollout, by its uid. Lost when the process ends: only for what may be lost. */
export interface Recall<T> {
  get(uid: string): T | undefined;
  set(uid: string, seen: T): void;
  forget(uid: string): void;
}

/** `capacity` rollouts; the one set longest ago is forgotten first. */
export function createRecall<T>(capacity = 20_000): Recall<T> {
  const seen = new Map<string, T>();
  return {
    get: (uid) => seen.get(uid),
    set(uid, value) {
      seen.delete(uid);
      seen.set(uid, value);
      const oldest = seen.keys().next();
      if (seen.size > capacity && oldest.done !== true) seen.delete(oldest.value);
    },
    forget: (uid) => void seen.delete(uid),
  };
}
