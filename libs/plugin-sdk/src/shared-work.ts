import { orGivenUp } from './rollout-turns.ts';

export type Work<T> = (signal: AbortSignal) => Promise<T>;

/** One piece of work that several callers wait for. It is told to stop when none of them does any more. */
export interface SharedWork<T> {
  /** What the work gives, or the reason of `signal` if that comes first. */
  join(signal: AbortSignal): Promise<T>;
  /** All who wait for it get the reason at once. */
  stop(reason: Error): void;
  readonly isStopped: boolean;
  /** Resolves when the work has really ended, or after so long. */
  endedWithin(ms: number): Promise<void>;
}

export interface SharedWorkEnd<T> {
  /** Called with what the work gave, also when nobody waits for it any more. */
  readonly fulfilled: (value: T) => void;
  /** Called last, however it ended. */
  readonly ended: () => void;
}

export function shareWork<T>(work: Work<T>, { fulfilled, ended }: SharedWorkEnd<T>): SharedWork<T> {
  const stop = new AbortController();
  let waiting = 0;
  const running = (async () => {
    const value = await work(stop.signal);
    fulfilled(value);
    return value;
  })();
  const end = running.then(ended, ended);
  return {
    async join(signal) {
      waiting += 1;
      try {
        return await orGivenUp(orGivenUp(running, stop.signal), signal);
      } finally {
        waiting -= 1;
        if (waiting === 0 && signal.aborted) stop.abort(signal.reason);
      }
    },
    stop: (reason) => stop.abort(reason),
    get isStopped() {
      return stop.signal.aborted;
    },
    endedWithin(ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms).unref();
        void end.then(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}
