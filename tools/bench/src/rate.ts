/** Something to do over and over: `prepare` is not measured. */
export interface Work<T> {
  prepare(): readonly T[];
  do(item: T): unknown;
}

/** How often a second `do` is done on this core, over batches for at least `seconds`, after half as long to warm up. */
export function ratePerSecond<T>(work: Work<T>, seconds: number): number {
  runFor(work, (seconds * 1000) / 2);
  const { items, ms } = runFor(work, seconds * 1000);
  return (items / ms) * 1000;
}

/** Keeps results alive, so that nothing is optimised away. */
let kept: unknown;
export const lastResult = (): unknown => kept;

function runFor<T>(work: Work<T>, atLeastMs: number): { items: number; ms: number } {
  let [items, ms] = [0, 0];
  while (ms < atLeastMs) {
    const batch = work.prepare();
    const began = performance.now();
    for (const item of batch) kept = work.do(item);
    ms += performance.now() - began;
    items += batch.length;
  }
  return { items, ms };
}
