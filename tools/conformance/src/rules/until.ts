import { setTimeout as wait } from 'node:timers/promises';
import { must } from '../rule.ts';

/** Waits until something is so; a generous limit, so that a slow machine does not fail a good plugin. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  otherwise: string,
  limitMs = 10_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isSo())) {
    must(performance.now() < end, otherwise);
    await wait(10);
  }
}
