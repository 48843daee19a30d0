import type { Labels, Sample } from './exposition.ts';

export interface Point {
  readonly atMs: number;
  readonly value: number;
}

export interface Series {
  readonly labels: Labels;
  /** Oldest first. */
  readonly points: readonly Point[];
}

/** Chooses series by their labels. */
export type Matches = (labels: Labels) => boolean;

/** What was scraped in the last quarter of an hour. */
export interface ScrapedSeries {
  /** One look at all targets; a series that is not among the samples any more has ended. */
  add(atMs: number, samples: readonly Sample[]): void;
  /** Points from `fromMs` on until `toMs`, of series that have any. */
  range(matches: Matches, fromMs: number, toMs: number): readonly Series[];
  /** The newest value at that time of each series that had not ended, at most five minutes old. */
  at(matches: Matches, atMs: number): readonly Sample[];
}

const KEPT_MS = 15 * 60_000;
const LOOK_BACK_MS = 5 * 60_000;

/** A point, or the first time that the series was missed after one. */
type Mark = Point | { readonly atMs: number; readonly value: undefined };

interface Kept {
  readonly labels: Labels;
  readonly marks: Mark[];
}

const isPoint = (mark: Mark): mark is Point => mark.value !== undefined;

export function createScrapedSeries(): ScrapedSeries {
  const all = new Map<string, Kept>();

  function chosen(matches: Matches): Kept[] {
    return [...all.values()].filter(({ labels }) => matches(labels));
  }

  return {
    add(atMs, samples) {
      const seen = new Set<string>();
      for (const { labels, value } of samples) {
        const key = keyOf(labels);
        seen.add(key);
        const kept = all.get(key) ?? { labels, marks: [] };
        kept.marks.push({ atMs, value });
        all.set(key, kept);
      }
      for (const [key, { marks }] of all) {
        if (!seen.has(key) && marks.at(-1)?.value !== undefined) marks.push({ atMs, value: undefined });
        while (marks[0] && marks[0].atMs < atMs - KEPT_MS) marks.shift();
        if (marks.length === 0) all.delete(key);
      }
    },
    range: (matches, fromMs, toMs) =>
      chosen(matches).flatMap(({ labels, marks }) => {
        const points = marks.filter(isPoint).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
        return points.length === 0 ? [] : [{ labels, points }];
      }),
    at: (matches, atMs) =>
      chosen(matches).flatMap(({ labels, marks }) => {
        const last = marks.findLast((mark) => mark.atMs <= atMs && mark.atMs > atMs - LOOK_BACK_MS);
        return last?.value === undefined ? [] : [{ labels, value: last.value }];
      }),
  };
}

/** The same for equal label sets, in whatever order. */
export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
