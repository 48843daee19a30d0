/**
 * Experiments that begin at the same time make their ReplicaSets one experiment after the other, each in the order of its spec: versions that are to be compared
 * begin right behind each other, however many experiments begin with them.
 */
export interface Beginnings {
  /** Answers what `begin` answers. */
  inTurn<T>(begin: () => Promise<T>): Promise<T>;
}

/** One whose calls are slow holds the next one up for `patienceMs` at most. */
export function createBeginnings(patienceMs = 250): Beginnings {
  let last: Promise<void> = Promise.resolve();
  return {
    inTurn(begin) {
      const begun = last.then(begin);
      last = last.then(() => settledWithin(begun, patienceMs));
      return begun;
    },
  };
}

function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const settled = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(settled, settled);
  });
}
