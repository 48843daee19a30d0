export interface AnswerMemory {
  /**
   * The answer that was given under this key, or what `answer` gives now. Calls with a key that is being answered wait for that answer. A failure is not
   * remembered: the caller tries again under the same key.
   */
  once<T>(key: string, answer: () => Promise<T>): Promise<T>;
}

export interface AnswerMemoryOptions {
  /** Answers kept; the oldest goes first. 5,000. */
  readonly capacity?: number;
  /** An answer is kept for so long: 10 minutes, longer than any caller repeats a call. */
  readonly keepMs?: number;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

/** Rule P1: what was answered before is not done a second time. */
export function createAnswerMemory(options: AnswerMemoryOptions = {}): AnswerMemory {
  const { capacity = 5_000, keepMs = 600_000, now = () => performance.now() } = options;
  // In the order of asking, so that the oldest come first.
  const answers = new Map<string, { readonly since: number; readonly answer: Promise<unknown> }>();

  function forgetOld(): void {
    const limit = now() - keepMs;
    for (const [key, { since }] of answers) {
      if (answers.size <= capacity && since > limit) return;
      answers.delete(key);
    }
  }

  return {
    once<T>(key: string, answer: () => Promise<T>): Promise<T> {
      forgetOld();
      const before = answers.get(key);
      if (before !== undefined) return before.answer as Promise<T>;
      const entry = { since: now(), answer: answer() };
      answers.set(key, entry);
      entry.answer.catch(() => {
        if (answers.get(key) === entry) answers.delete(key);
      });
      return entry.answer;
    },
  };
}
