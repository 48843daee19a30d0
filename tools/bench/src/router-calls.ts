// How often the rollout-controller calls its routers, as it says itself.
import type { Announcement } from '@sluice/tools-start';
import { Failure } from '@sluice/tools-start';
import { scrapeCounter } from './scrape.ts';

export interface RouterCalls {
  /** Told what to route. */
  readonly Apply: number;
  /** Asked what is routed. */
  readonly Observe: number;
}

/** Starts to count; the answer says how many calls there were since. */
export async function watchRouterCalls(services: readonly Announcement[]): Promise<() => Promise<RouterCalls>> {
  const address = services.find(({ name }) => name === 'rollout-controller')?.addresses['metrics'];
  if (address === undefined) throw new Failure('the rollout-controller has announced no address for its metrics');
  const scrape = () => scrapeCounter(address, 'sluice_plugin_calls_total', 'method', { type: 'router' });
  const before = await scrape();
  return async () => {
    const after = await scrape();
    const since = (method: string): number => (after.get(method) ?? 0) - (before.get(method) ?? 0);
    return { Apply: since('Apply'), Observe: since('Observe') };
  };
}
