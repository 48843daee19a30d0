export type BreakerState = 'closed' | 'open' | 'half-open';

/** What the outcome of an attempt says about the plugin; `nothing` when the caller hung up. */
export type Verdict = 'alive' | 'outage' | 'nothing';

export interface CircuitBreaker {
  readonly state: BreakerState;
  /** How long until a trial is allowed, in milliseconds; 0 when calls are. */
  readonly opensInMs: number;
  /** Asks for an attempt; undefined when there may be none. Report its outcome exactly once. */
  admit(): ((verdict: Verdict) => void) | undefined;
  /** Forgets all failures: another instance answers from here on. */
  reset(): void;
}

export interface CircuitBreakerOptions {
  /** Outages in a row that open it: 5. */
  readonly failures?: number;
  /** It stays open for so long at first, and twice as long after each trial that fails. */
  readonly openMs?: { readonly first: number; readonly longest: number };
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Called when it opens or closes. */
  readonly onChange?: () => void;
}

/**
 * Keeps callers from waiting for a plugin that does not answer. Closed, all attempts run. Open, none does. When its time is over, one attempt at a time is a
 * trial (half-open): an answer closes it, an outage opens it again.
 */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { failures = 5, openMs = { first: 1_000, longest: 4_000 }, now, onChange } = options;
  let inARow = 0;
  let opened: { readonly until: number; readonly forMs: number } | undefined;
  let trial = false;

  const stateNow = (): BreakerState => {
    if (opened === undefined) return 'closed';
    return now() < opened.until ? 'open' : 'half-open';
  };

  function open(forMs: number): void {
    opened = { until: now() + forMs, forMs };
    onChange?.();
  }

  function close(): void {
    const wasOpen = opened !== undefined;
    inARow = 0;
    opened = undefined;
    if (wasOpen) onChange?.();
  }

  function outage(): void {
    inARow += 1;
    if (opened === undefined && inARow >= failures) open(openMs.first);
  }

  return {
    get state() {
      return stateNow();
    },
    get opensInMs() {
      return opened === undefined ? 0 : Math.max(0, opened.until - now());
    },
    admit() {
      const state = stateNow();
      if (state === 'closed') {
        return (verdict) => {
          if (verdict === 'alive') close();
          else if (verdict === 'outage') outage();
        };
      }
      if (state === 'open' || trial) return undefined;
      trial = true;
      return (verdict) => {
        trial = false;
        if (verdict === 'alive') close();
        else if (verdict === 'outage' && opened !== undefined) open(Math.min(openMs.longest, opened.forMs * 2));
      };
    },
    reset: close,
  };
}
