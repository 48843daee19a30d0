/** Wakes keys at their moment, those of one 10 ms together: one timer for all that come soon, one each for those that come late. */
export interface Alarms {
  /** The earlier of several moments counts; undefined takes the alarm away. */
  set(key: string, at: number | undefined): void;
  clear(key: string): void;
  stop(): void;
  readonly size: number;
}

const slotMs = 10;
const soonMs = 3_000;
// Longer timers fire at once in Node.
const longestMs = 2 ** 31 - 1;

export function createAlarms(wake: (key: string) => void, now: () => number = Date.now): Alarms {
  const moments = new Map<string, number>();
  const slots = new Map<number, Set<string>>();
  const late = new Map<string, NodeJS.Timeout>();
  let done = slotOf(now());
  let ticking: NodeJS.Timeout | undefined;

  function tick(): void {
    ticking = undefined;
    const current = Math.floor(now() / slotMs);
    const due: string[] = [];
    // After a jump of the clock there may be more slots in between than there are alarms.
    if (current - done > 2 * slots.size + 100) {
      for (const [slot, keys] of slots) if (slot <= current) take(slot, keys, due);
    } else {
      for (let slot = done; slot <= current; slot += 1) {
        const keys = slots.get(slot);
        if (keys !== undefined) take(slot, keys, due);
      }
    }
    done = current + 1;
    if (slots.size > 0) schedule();
    for (const key of due) {
      moments.delete(key);
      wake(key);
    }
  }

  function take(slot: number, keys: Set<string>, due: string[]): void {
    slots.delete(slot);
    due.push(...keys);
  }

  function schedule(): void {
    ticking ??= setTimeout(tick, slotMs - (now() % slotMs) + 1);
  }

  function clear(key: string): void {
    const at = moments.get(key);
    if (at === undefined) return;
    moments.delete(key);
    clearTimeout(late.get(key));
    late.delete(key);
    const slot = slotOf(at);
    const keys = slots.get(slot);
    keys?.delete(key);
    if (keys?.size === 0) slots.delete(slot);
  }

  function arm(key: string, at: number): void {
    const waitMs = at - now();
    if (waitMs > soonMs) {
      const again = (): void => {
        late.delete(key);
        arm(key, at);
      };
      late.set(key, setTimeout(again, Math.min(longestMs, waitMs - soonMs / 2)));
      return;
    }
    if (slots.size === 0) done = Math.min(done, Math.floor(now() / slotMs));
    const slot = slotOf(at);
    const keys = slots.get(slot);
    if (keys === undefined) slots.set(slot, new Set([key]));
    else keys.add(key);
    done = Math.min(done, slot);
    schedule();
  }

  return {
    set(key, at) {
      const before = moments.get(key);
      if (before === at) return;
      clear(key);
      if (at === undefined) return;
      moments.set(key, at);
      arm(key, at);
    },
    clear,
    stop() {
      clearTimeout(ticking);
      late.forEach((timer) => clearTimeout(timer));
      slots.clear();
      late.clear();
      moments.clear();
    },
    get size() {
      return moments.size;
    },
  };
}

function slotOf(at: number): number {
  return Math.ceil(at / slotMs);
}
