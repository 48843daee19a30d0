import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once the test holds. Throws what is still waited for after `patienceMs`, with what the test threw last as the cause. */
export async function waitUntil(
  what: string,
  test: () => Promise<boolean> | boolean,
  { patienceMs, everyMs = 20 }: { readonly patienceMs: number; readonly everyMs?: number },
): Promise<void> {
  const end = Date.now() + patienceMs;
  let failure: unknown;
  for (;;) {
    try {
      if (await test()) return;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > end) throw new Error(`still waiting for ${what}`, { cause: failure });
    await sleep(everyMs);
  }
}
