/** How many writes a second are fine, and how many at once. */
export interface WriteBudget {
  /** Takes one if there is one. */
  take(): boolean;
  /** Takes one that is written in any case: others wait for longer. */
  spend(): void;
  /** Milliseconds until `take` may succeed. */
  waitMs(): number;
}

export function createWriteBudget(perSecond: number, now: () => number = () => performance.now()): WriteBudget {
  const burst = Math.max(1, perSecond);
  let tokens = burst;
  let at = now();

  function refill(): void {
    const time = now();
    tokens = Math.min(burst, tokens + ((time - at) * perSecond) / 1_000);
    at = time;
  }

  return {
    take() {
      refill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    spend() {
      refill();
      tokens = Math.max(-burst, tokens - 1);
    },
    waitMs() {
      refill();
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1_000) / perSecond);
    },
  };
}
