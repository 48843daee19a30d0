import type { Point } from '../series.ts';

/**
 * By how much a counter rose from `fromMs` to `toMs`; undefined with fewer than two points. What lies between the window and its first and last point is
 * guessed as Prometheus does: by the slope, not further than a counter could have begun, and half an interval where a point is missing.
 */
export function increaseOf(points: readonly Point[], fromMs: number, toMs: number): number | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return undefined;
  const rise = last.value - first.value + lostByResets(points);
  const sampledMs = last.atMs - first.atMs;
  if (sampledMs === 0) return undefined;
  const everyMs = sampledMs / (points.length - 1);
  const guessed = (gapMs: number): number => (gapMs < everyMs * 1.1 ? gapMs : everyMs / 2);
  const toZeroMs = rise > 0 && first.value >= 0 ? sampledMs * (first.value / rise) : Infinity;
  const beforeMs = guessed(Math.min(first.atMs - fromMs, toZeroMs));
  return rise * ((sampledMs + beforeMs + guessed(toMs - last.atMs)) / sampledMs);
}

function lostByResets(points: readonly Point[]): number {
  let lost = 0;
  points.forEach(({ value }, index) => {
    const before = points[index - 1]?.value ?? value;
    if (value < before) lost += before;
  });
  return lost;
}
