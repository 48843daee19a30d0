/** Something to do over and over: `prepare` is not measured. */
export interface Work<T> {
  prepare(): readonly T[];
  do(item: T): unknown;
}

/**
 * How often `do` is done in a second of one core, over batches for at least `seconds`, after half as long to warm up. Time in which other
 * processes had the core does not count; that of the garbage collector's threads does.
 */
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
    const began = process.cpuUsage();
    for (const item of batch) kept = work.do(item);
    const { user, system } = process.cpuUsage(began);
    ms += (user + system) / 1000;
    items += batch.length;
  }
  return { items, ms };
}
