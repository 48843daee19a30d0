import { setTimeout as sleep } from 'node:timers/promises';
import type { DataPlaneReport, Entrance, LoadTarget, Split, Totals } from '@sluice/local-cluster';
import type { DataPlaneAddresses } from '../local-cluster.ts';

/** Enough that a tenth of them is seen within a second, and little enough that nobody hears the fan. */
const SHOWN_PER_SECOND = 100;
/** While nobody looks: enough that /split has something to say about what a person tries next. */
const QUIET_PER_SECOND = 10;
const LOOK_EVERY_MS = 250;
/** Of one session; more than anybody leaves an example running. */
const LONGEST_MS = 3_600_000;

export interface ClientsOptions {
  readonly dataPlane: DataPlaneAddresses;
  /** `namespace/name`. */
  readonly rollout: string;
  /** Whether the Rollout has pods that could answer: clients do not come to a shop that has not opened yet. */
  readonly isOpen: () => boolean;
  /** What clients got in the last second or two; the same split again and again as long as nothing changes. */
  readonly seen: (split: Split) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export interface Clients {
  /** Goes on with few requests, and tells nobody of them; answers what became of those until now. */
  quieten(): Promise<Totals | undefined>;
  /** When all requests that were sent are answered, after `signal`. */
  readonly ended: Promise<void>;
}

/**
 * Clients of a Rollout: real requests by every route that leads to it, as soon as it has pods and for as long as it is shown. Where no route
 * and no Service leads to it nothing is sent.
 */
export function startClients(options: ClientsOptions): Clients {
  const quiet = new AbortController();
  let targets: readonly LoadTarget[] = [];
  const following = follow(options, quiet.signal, (found) => (targets = found));
  const sending = send(options, quiet.signal, () => targets);
  return {
    async quieten() {
      quiet.abort();
      const response = await fetch(new URL('/report', options.dataPlane.statusUrl), { signal: options.signal });
      return response.ok ? ((await response.json()) as DataPlaneReport).totals : undefined;
    },
    ended: Promise.all([following, sending]).then(() => undefined),
  };
}

async function send(
  { dataPlane, signal }: ClientsOptions,
  quiet: AbortSignal,
  targets: () => readonly LoadTarget[],
): Promise<void> {
  // Only when clients are wanted at all: it brings the whole local cluster along.
  const { runLoad } = await import('@sluice/local-cluster');
  const load = { url: dataPlane.url, targets, durationMs: LONGEST_MS };
  await runLoad({ ...load, ratePerSecond: SHOWN_PER_SECOND, signal: AbortSignal.any([signal, quiet]) });
  if (!signal.aborted) await runLoad({ ...load, ratePerSecond: QUIET_PER_SECOND, signal });
}

/** Looks at the routes, which change, and at what clients got. A look that fails is taken again. */
async function follow(
  { dataPlane, rollout, isOpen, seen, signal }: ClientsOptions,
  quiet: AbortSignal,
  found: (entrances: readonly Entrance[]) => void,
): Promise<void> {
  const ask = async <T>(path: string): Promise<T | undefined> => {
    const response = await fetch(new URL(path, dataPlane.statusUrl), { signal });
    return response.ok ? ((await response.json()) as T) : undefined;
  };
  const query = `rollout=${encodeURIComponent(rollout)}`;
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    if (!isOpen()) continue;
    const answer = await ask<{ entrances: Entrance[] }>(`/entrances?${query}`).catch(() => undefined);
    if (answer) found(answer.entrances);
    if (quiet.aborted) continue;
    const split = await ask<Split>(`/split?${query}&seconds=1`).catch(() => undefined);
    if (!quiet.aborted && split && split.requests + split.failed > 0) seen(split);
  }
}
