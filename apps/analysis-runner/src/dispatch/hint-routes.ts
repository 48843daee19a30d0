import type { Hint } from './dispatcher.ts';
import type { HintQueue } from './hint-queue.ts';

export interface HintRoutesOptions {
  readonly queue: Pick<HintQueue, 'isReachable' | 'offer'>;
  /** The workers that attend this scheduler; says whether there was one to take the hints. */
  readonly workers: { offer(hints: readonly Hint[]): boolean };
}

/**
 * Brings hints to workers: over Redis while it can be reached, since there any worker that has room takes the next one; otherwise over the streams that workers hold
 * to this scheduler. A hint may come on both ways: what it names is handed over once. Throws when neither way is open.
 */
export function createHintRoutes({ queue, workers }: HintRoutesOptions): (hints: readonly Hint[]) => Promise<void> {
  return async (hints) => {
    let cause: unknown = new Error('Redis cannot be reached');
    if (queue.isReachable) {
      try {
        return await queue.offer(hints);
      } catch (error) {
        cause = error;
      }
    }
    if (!workers.offer(hints)) throw new Error('Redis cannot be reached, and no worker attends', { cause });
  };
}
