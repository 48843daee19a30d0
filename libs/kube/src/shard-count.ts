import type { Lease } from './lease-record.ts';

/** On the Lease of shard 0: into how many parts the keys are cut. On that of a member: into how many it would cut them. */
export const shardsAnnotation = 'sluice.dev/shards';

/** `changing`: whoever was in charge with another number has to have let go before anybody is in charge again. */
export type ShardCount = number | 'changing';

/** A Lease that says nothing is that of a service which is not partitioned. */
export function countIn({ metadata }: Lease): ShardCount {
  const text = metadata.annotations?.[shardsAnnotation] ?? '1';
  return text === 'changing' ? text : Number(text);
}

/**
 * Sees to it that replicas which cut the keys into different numbers of parts are never in charge at the same time, as they would be while a service is being changed from one
 * number to another: two of them would write for the same key. The number in force stands on the Lease of shard 0. Whoever takes that Lease with another number marks it as
 * `changing` for one lease duration, in which all others see it and let go; they also let go when they cannot look.
 */
export interface CountFence {
  /** What to write on the Lease of shard 0 now. `takenFrom`: as it was before it is taken; undefined when it is renewed, null when there was none. */
  annotation(takenFrom: Lease | null | undefined): string;
  /** The Lease of shard 0 is ours from now on. */
  taken(): void;
  /** The number in force is ours, as far as this depends on us. */
  readonly isOpen: boolean;
}

export function createCountFence(count: number, leaseDurationMs: number): CountFence {
  let openAtMs = Number.NEGATIVE_INFINITY;
  const isOpen = (): boolean => performance.now() >= openAtMs;
  return {
    annotation(takenFrom) {
      // Before it is known that the mark is stored, the time for the others to see it has not begun.
      if (takenFrom !== undefined)
        openAtMs =
          takenFrom === null || countIn(takenFrom) === count ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      return isOpen() ? String(count) : 'changing';
    },
    taken() {
      if (!isOpen()) openAtMs = performance.now() + leaseDurationMs;
    },
    get isOpen() {
      return isOpen();
    },
  };
}
