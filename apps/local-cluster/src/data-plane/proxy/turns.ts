// Who is next: weights and pods are taken in turn instead of by chance, so that few requests already show the split that was asked for.

const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** Numbers in [0, 1), spread as evenly as a sequence can be; also every second or third of them. */
export function evenDraws(): () => number {
  let at = 0;
  return () => (at = (at + goldenRatio) % 1);
}

/** One after the other, for each key by itself. */
export function roundRobin(): <T>(key: string, all: readonly T[]) => T | undefined {
  const turns = new Map<string, number>();
  return (key, all) => {
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return all[turn % all.length];
  };
}
