// Kubernetes writes times in whole seconds. Whoever waits for one of them computes from what was written, so that a
// restart comes to the same answer.

/** `2026-01-01T00:00:00Z`. */
export const timestamp = (epochMs: number): string =>
  new Date(Math.floor(epochMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** Epoch milliseconds of a Kubernetes time. */
export const epochOf = (text: string): number => Date.parse(text);

/** The soonest of several waits; undefined stands for "time changes nothing". */
export function soonest(...waits: readonly (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const wait of waits) if (wait !== undefined && (first === undefined || wait < first)) first = wait;
  return first;
}
