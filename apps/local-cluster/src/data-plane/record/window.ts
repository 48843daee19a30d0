// Counts of the last minutes, second by second, so that "the last n seconds" costs n additions.

/** One version of one Rollout in one span of time. */
export interface Tally {
  requests: number;
  /** Answered with 500 or more. */
  errors: number;
  totalMs: number;
  /** How many answers took at most so many ms, for each of `latencyBoundsMs`; the last one counts the rest. */
  readonly latencies: number[];
}

export const latencyBoundsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] as const;

// A proxy that has waited so long gives up.
const longestMs = 30_000;

export const newTally = (): Tally => ({
  requests: 0,
  errors: 0,
  totalMs: 0,
  latencies: new Array<number>(latencyBoundsMs.length + 1).fill(0),
});

export function addAnswer(tally: Tally, status: number, ms: number): void {
  tally.requests++;
  if (status >= 500) tally.errors++;
  tally.totalMs += ms;
  const bound = latencyBoundsMs.findIndex((most) => ms <= most);
  const slot = bound < 0 ? latencyBoundsMs.length : bound;
  tally.latencies[slot] = (tally.latencies[slot] ?? 0) + 1;
}

function merge(into: Tally, from: Tally): void {
  into.requests += from.requests;
  into.errors += from.errors;
  into.totalMs += from.totalMs;
  from.latencies.forEach((count, slot) => (into.latencies[slot] = (into.latencies[slot] ?? 0) + count));
}

/** The upper bound of the slot that holds this share (0 to 1) of the answers, in ms; undefined without answers. No answer takes longer than `longestMs`. */
export function quantileMs({ requests, latencies }: Tally, share: number): number | undefined {
  if (requests === 0) return undefined;
  let seen = 0;
  const slot = latencies.findIndex((count) => (seen += count) >= share * requests);
  return latencyBoundsMs[slot] ?? longestMs;
}

export interface Window {
  /** The tally of this second, to add to. */
  now(key: string): Tally;
  /** Sums over the last `seconds` whole seconds and the one that runs, at most `historySeconds`. */
  last(seconds: number): Map<string, Tally>;
}

export const historySeconds = 300;

export function createWindow(nowMs: () => number): Window {
  const seconds = new Map<number, Map<string, Tally>>();
  const second = (): number => Math.floor(nowMs() / 1000);

  function forgetOld(now: number): void {
    // In the order of time: what is too old comes first.
    for (const at of seconds.keys()) {
      if (at >= now - historySeconds) break;
      seconds.delete(at);
    }
  }

  return {
    now(key) {
      const at = second();
      let tallies = seconds.get(at);
      if (!tallies) {
        forgetOld(at);
        seconds.set(at, (tallies = new Map<string, Tally>()));
      }
      let tally = tallies.get(key);
      if (!tally) tallies.set(key, (tally = newTally()));
      return tally;
    },
    last(count) {
      const from = second() - Math.min(count, historySeconds);
      const sums = new Map<string, Tally>();
      for (const [at, tallies] of seconds) {
        if (at < from) continue;
        for (const [key, tally] of tallies) {
          const sum = sums.get(key) ?? newTally();
          merge(sum, tally);
          sums.set(key, sum);
        }
      }
      return sums;
    },
  };
}
