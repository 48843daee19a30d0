export interface RewriteLimits {
  /** Rewrites of the same content in a row before they are spaced out: 5. */
  readonly atOnce?: number;
  /** Between two of them from then on, in milliseconds: 60,000. */
  readonly thenEveryMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export interface Rewrites {
  /** Whether this content may be written over what somebody else put there. Asked before each write; `content` is any text that stands for what is wanted. */
  allows(object: string, content: string): boolean;
  /** Whether this content was written here before: somebody has changed it since. */
  wasWritten(object: string, content: string): boolean;
  /** To be told after each write. */
  wrote(object: string, content: string): void;
}

interface Entry {
  content: string;
  times: number;
  last: number;
}

/** Objects remembered; the one written longest ago is forgotten first. */
const remembered = 10_000;

/**
 * Bounds a fight: two writers that undo each other would do so many times a second. The memory is this process's own; after a restart a fight is
 * noticed anew after a few writes.
 */
export function createRewrites(limits: RewriteLimits = {}): Rewrites {
  const { atOnce = 5, thenEveryMs = 60_000, now = () => performance.now() } = limits;
  const entries = new Map<string, Entry>();
  return {
    allows(object, content) {
      const entry = entries.get(object);
      if (entry === undefined || entry.content !== content || entry.times <= atOnce) return true;
      return now() - entry.last >= thenEveryMs;
    },
    wasWritten: (object, content) => entries.get(object)?.content === content,
    wrote(object, content) {
      const entry = entries.get(object);
      const times = entry?.content === content ? entry.times + 1 : 1;
      entries.delete(object);
      entries.set(object, { content, times, last: now() });
      const oldest = entries.keys().next();
      if (entries.size > remembered && oldest.done !== true) entries.delete(oldest.value);
    },
  };
}
