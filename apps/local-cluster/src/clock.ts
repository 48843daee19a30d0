// Time as the cluster sees it. Everything that waits or stamps takes a Clock, so that a test of ten minutes can run in milliseconds.

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  setTimeout(fn: () => void, ms: number): { cancel(): void };
}

/** The machine's clock. Its timers do not keep the process alive. */
export function realClock(): Clock {
  return {
    now: () => Date.now(),
    setTimeout: (fn, ms) => {
      const timer = setTimeout(fn, ms);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

export interface VirtualClock extends Clock {
  /** Moves time on by `ms` and runs every timer that falls due, in order of due time, also those that these timers set. */
  advance(ms: number): void;
  /** Jumps to the next timer and runs it. Returns false if no timer is set. */
  step(): boolean;
  /** Steps until `done` holds, no timer is left, or `limitMs` of virtual time have gone. Returns whether `done` holds (true without `done` if it became idle). */
  runUntil(done?: () => boolean, limitMs?: number): boolean;
  /** When the next timer falls due. */
  nextAt(): number | undefined;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that stands still until it is told to move. */
export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startMs;
  let order = 0;
  const timers = new Set<Timer>();
  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const t of timers) if (!first || t.at < first.at || (t.at === first.at && t.order < first.order)) first = t;
    return first;
  };
  const run = (timer: Timer): void => {
    timers.delete(timer);
    now = Math.max(now, timer.at);
    timer.fn();
  };
  const clock: VirtualClock = {
    now: () => now,
    setTimeout(fn, ms) {
      const timer: Timer = { at: now + Math.max(0, ms), order: order++, fn };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      const end = now + ms;
      for (let t = next(); t && t.at <= end; t = next()) run(t);
      now = end;
    },
    step() {
      const timer = next();
      if (timer) run(timer);
      return timer !== undefined;
    },
    runUntil(done, limitMs = 3_600_000) {
      const end = now + limitMs;
      for (;;) {
        if (done?.()) return true;
        const timer = next();
        if (!timer) return done === undefined;
        if (timer.at > end) return false;
        run(timer);
      }
    },
    nextAt: () => next()?.at,
  };
  return clock;
}
