import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, keyOf, resources } from '@sluice/kube';
import type { Entrance, Totals } from '@sluice/local-cluster';
import { expectNoAvoidableFailures, runLoad } from '@sluice/local-cluster';
import type { DataPlaneAddresses, Session } from '@sluice/tools-start';

/** Few enough that what is played does not notice them, and many enough that each Rollout gets one every second or two. */
const RATE_PER_SECOND = 40;
const LONGEST_MS = 3_600_000;
const LOOK_EVERY_MS = 500;

/**
 * Clients of every Rollout that is there, while something is played: the oracle that no request reaches a version without ready pods while another one has some.
 * The answer ends them and says how many there were; it throws AvoidableFailures that lists requests which a right order would have answered.
 */
export async function startTraffic(
  session: Session,
  kubeconfig: string,
  { url, statusUrl }: DataPlaneAddresses,
): Promise<() => Promise<Totals>> {
  const client = await createClient({ kubeconfig, userAgent: 'sluice-parity-clients' });
  const over = new AbortController();
  const signal = AbortSignal.any([session.signal, over.signal]);
  let targets: readonly Entrance[] = [];

  async function entrancesOf(rollout: string): Promise<readonly Entrance[]> {
    const response = await fetch(new URL(`/entrances?rollout=${encodeURIComponent(rollout)}`, statusUrl), { signal });
    return response.ok ? ((await response.json()) as { entrances: readonly Entrance[] }).entrances : [];
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      try {
        const { items } = await client.list(resources.rollouts, { resourceVersion: '0', signal });
        targets = (await Promise.all(items.map(({ metadata }) => entrancesOf(keyOf(metadata))))).flat();
      } catch {
        // A look that fails is taken again; without any there is no traffic, and then the end says so.
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  const load = { url, targets: () => targets, ratePerSecond: RATE_PER_SECOND, durationMs: LONGEST_MS, signal };
  const ended = Promise.all([runLoad(load), follow()]);
  session.atEnd(() => client.close());
  return async () => {
    over.abort();
    await ended;
    return expectNoAvoidableFailures(statusUrl);
  };
}
