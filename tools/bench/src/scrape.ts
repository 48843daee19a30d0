// What a service says about itself in the format of Prometheus.

/** Upper bounds and how many values lie below each, as a histogram without other labels says them. */
export type Buckets = readonly (readonly [bound: number, count: number])[];

/** Buckets of a histogram, all its other labels taken together. */
export async function scrapeBuckets(address: string, name: string): Promise<Buckets> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const counts = new Map<number, number>();
  for (const [, labels = '', count = '0'] of text.matchAll(new RegExp(`^${name}_bucket\\{(.*)\\} (\\d+)$`, 'gm'))) {
    const bound = /le="([^"]*)"/.exec(labels)?.[1] ?? '+Inf';
    const at = bound === '+Inf' ? Infinity : Number(bound);
    counts.set(at, (counts.get(at) ?? 0) + Number(count));
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** The quantile of what came in between two scrapes, as Prometheus computes it: exact to the width of a bucket. */
export function quantileOf(before: Buckets, after: Buckets, part: number): number {
  const grown = after.map(([bound, count], at) => [bound, count - (before[at]?.[1] ?? 0)] as const);
  const total = grown.at(-1)?.[1] ?? 0;
  let [lower, below] = [0, 0];
  for (const [bound, count] of grown) {
    if (count >= total * part && count > below)
      return bound === Infinity ? lower : lower + ((bound - lower) * (total * part - below)) / (count - below);
    [lower, below] = [bound, count];
  }
  return NaN;
}

/** A counter by one of its labels, all others taken together; only series that have `labels` count. */
export async function scrapeCounter(
  address: string,
  name: string,
  by: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, number>> {
  return readCounter(await (await fetch(`${address}/metrics`)).text(), name, by, labels);
}

export function readCounter(
  text: string,
  name: string,
  by: string,
  wanted: Readonly<Record<string, string>>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, inside = '', count = '0'] of text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\d+)$`, 'gm'))) {
    const labels = new Map([...inside.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
    if (!Object.entries(wanted).every(([key, value]) => labels.get(key) === value)) continue;
    const value = labels.get(by) ?? '';
    counts.set(value, (counts.get(value) ?? 0) + Number(count));
  }
  return counts;
}
