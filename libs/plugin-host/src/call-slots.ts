export interface CallSlotsOptions {
  /** Calls to one plugin at once. */
  readonly atOnce: number;
  /** How long a call waits for its turn, as long as others have come to an end within that time. */
  readonly waitMs: number;
}

/** How many calls one plugin is asked at once. A plugin that is slow to answer must not hold all of a caller's workers; one that is merely in demand is worth a moment. */
export interface CallSlots {
  /** Takes a slot: true; to be given back with `leave`. False when there is none: not one more caller waits for a plugin that ends no calls. */
  enter(plugin: string, signal?: AbortSignal): Promise<boolean>;
  leave(plugin: string): void;
}

interface Line {
  taken: number;
  /** Of the last call that came to an end here, by `performance.now()`. */
  endedAt: number;
  readonly waiting: Set<() => void>;
}

export function createCallSlots({ atOnce, waitMs }: CallSlotsOptions): CallSlots {
  const lines = new Map<string, Line>();

  const lineOf = (plugin: string): Line => {
    const line = lines.get(plugin) ?? { taken: 0, endedAt: Number.NEGATIVE_INFINITY, waiting: new Set() };
    lines.set(plugin, line);
    return line;
  };

  return {
    async enter(plugin, signal) {
      const line = lineOf(plugin);
      if (line.taken < atOnce) {
        line.taken += 1;
        return true;
      }
      if (performance.now() - line.endedAt > waitMs || signal?.aborted) return false;
      return await untilCalled(line.waiting, waitMs, signal);
    },
    leave(plugin) {
      const line = lineOf(plugin);
      line.endedAt = performance.now();
      const [next] = line.waiting;
      if (next !== undefined) return next();
      line.taken -= 1;
      if (line.taken === 0) lines.delete(plugin);
    },
  };
}

/** True once it is called out of `waiting`, first come first served; false after `ms`, or when the signal aborts. */
function untilCalled(waiting: Set<() => void>, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const called = (): void => end(true);
    const givesUp = (): void => end(false);
    const timer = setTimeout(givesUp, ms);
    function end(isTurn: boolean): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', givesUp);
      waiting.delete(called);
      resolve(isTurn);
    }
    signal?.addEventListener('abort', givesUp, { once: true });
    waiting.add(called);
  });
}
