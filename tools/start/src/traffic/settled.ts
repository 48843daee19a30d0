import type { Split } from '@sluice/local-cluster';

/** The counts are of whole seconds: before this, some of them are older than the weights. */
const SETTLED_AFTER_MS = 2200;

/** Tells splits that speak of one weight only from those that lie between two. */
export interface Settling {
  /** Whether all requests of this split came after the last change of the weights. */
  isSettled(split: Split): boolean;
  /** Whether this is the first settled split since that change. */
  isNews(split: Split): boolean;
}

/** To be asked about each split, in their order. */
export function createSettling(nowMs: () => number): Settling {
  let asked = '';
  let since = 0;
  let isTold = true;
  const isSettled = (split: Split): boolean => {
    const now = JSON.stringify(split.asked ?? null);
    if (now !== asked) [asked, since, isTold] = [now, nowMs(), false];
    return nowMs() - since >= SETTLED_AFTER_MS;
  };
  return {
    isSettled,
    isNews(split) {
      if (!isSettled(split) || isTold) return false;
      isTold = true;
      return true;
    },
  };
}
