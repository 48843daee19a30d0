/** Which leaderships are about to be handed to another replica, and what has to end before. */
export interface Leavings {
  /** It is handed over. `held`: keys whose memory holds something that one more turn stores. `ended` resolves when that is done and nothing of it runs any more. */
  start(leadership: AbortSignal): { readonly held: readonly string[]; readonly ended: Promise<void> };
  has(leadership: AbortSignal): boolean;
  /** Nothing more is begun for the key. */
  isDone(key: string, leadership: AbortSignal): boolean;
  /** A turn of the key begins. The function that is returned says that it has ended, and whether something still waits to be stored. */
  begins(key: string, leadership: AbortSignal): (holds: boolean) => void;
  /** Nothing waits to be stored for the key any more. */
  drop(key: string, leadership: AbortSignal): void;
}

export function createLeavings(): Leavings {
  /** Keys at work, and keys of which something waits to be stored; by leadership, whose own end ends all of it. */
  const running = new WeakMap<AbortSignal, Set<string>>();
  const holding = new WeakMap<AbortSignal, Set<string>>();
  const starts = new WeakMap<AbortSignal, () => void>();

  const of = (sets: WeakMap<AbortSignal, Set<string>>, leadership: AbortSignal): Set<string> => {
    const known = sets.get(leadership) ?? new Set<string>();
    sets.set(leadership, known);
    return known;
  };
  const isOver = (leadership: AbortSignal): boolean =>
    leadership.aborted || (of(running, leadership).size === 0 && of(holding, leadership).size === 0);

  return {
    start(leadership) {
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      starts.set(leadership, () => isOver(leadership) && resolve());
      leadership.addEventListener('abort', () => resolve(), { once: true });
      if (isOver(leadership)) resolve();
      return { held: [...of(holding, leadership)], ended };
    },
    has: (leadership) => starts.has(leadership),
    isDone: (key, leadership) => starts.has(leadership) && !of(holding, leadership).has(key),
    begins(key, leadership) {
      of(running, leadership).add(key);
      return (holds) => {
        of(running, leadership).delete(key);
        // The last turn is not repeated: what could not be stored is decided anew.
        if (holds && !starts.has(leadership)) of(holding, leadership).add(key);
        else of(holding, leadership).delete(key);
        starts.get(leadership)?.();
      };
    },
    drop(key, leadership) {
      of(holding, leadership).delete(key);
      starts.get(leadership)?.();
    },
  };
}
