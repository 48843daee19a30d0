export interface RewriteLimits {
  /** Rewrites of the same content in a row before they are spaced out: 5. */
  readonly atOnce?: number;
  /** Between two of them from then on, in milliseconds: 60,000. */
  readonly thenEveryMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** One write: to which object (of which rollout), and what for where a call writes an object several times. */
export interface Rewrite {
  readonly object: string;
  readonly purpose: string;
  /** Any text that stands for what is wanted. */
  readonly content: string;
}

export interface Rewrites {
  /** Whether this content may be written over what somebody else put there. Asked before each write. */
  allows(rewrite: Rewrite): boolean;
  /** Whether this content was written here before: somebody has changed it since. */
  wasWritten(rewrite: Rewrite): boolean;
  /** To be told after each write, with a text that stands for what the server stored. */
  wrote(rewrite: Rewrite, stored: string): void;
  /** What the server stored at the last write; undefined when there was none. */
  lastStored(object: string): string | undefined;
}

interface Written {
  readonly content: string;
  readonly times: number;
  readonly at: number;
}

interface Entry {
  stored: string;
  readonly byPurpose: Map<string, Written>;
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
  const same = ({ object, purpose, content }: Rewrite): Written | undefined => {
    const written = entries.get(object)?.byPurpose.get(purpose);
    return written?.content === content ? written : undefined;
  };
  return {
    allows(rewrite) {
      const written = same(rewrite);
      return written === undefined || written.times <= atOnce || now() - written.at >= thenEveryMs;
    },
    wasWritten: (rewrite) => same(rewrite) !== undefined,
    wrote(rewrite, stored) {
      const { object, purpose, content } = rewrite;
      const times = (same(rewrite)?.times ?? 0) + 1;
      const entry = entries.get(object) ?? { stored, byPurpose: new Map<string, Written>() };
      entry.stored = stored;
      entry.byPurpose.set(purpose, { content, times, at: now() });
      entries.delete(object);
      entries.set(object, entry);
      const oldest = entries.keys().next();
      if (entries.size > remembered && oldest.done !== true) entries.delete(oldest.value);
    },
    lastStored: (object) => entries.get(object)?.stored,
  };
}
