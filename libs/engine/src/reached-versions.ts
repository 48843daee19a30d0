import { selectedHash, serviceOf } from './canary-services.ts';
import type { Plan } from './plan.ts';
import { routedNow } from './routed/routers.ts';
import { isRouted } from './routed/release.ts';
import { serviceNames } from './routed/service-names.ts';
import { carrierOf } from './routed/target.ts';
import { blueGreenOf, canaryOf } from './situation.ts';
import type { Situation } from './situation.ts';
import { maxWeightOf } from './weight.ts';

/**
 * Versions (by hash) that somebody's traffic is sent to by name, now or after this plan: through a Service that selects this version alone, as far as
 * routes use it, or through the routes themselves. What nobody could observe counts as used. A preview has no traffic that could be lost.
 */
export function reachedVersions(s: Situation, plan: Plan | undefined): ReadonlySet<string> {
  const hashes = isRouted(s) ? routedVersions(s, plan) : liveServices(s).flatMap((name) => selections(s, plan, name));
  return new Set(hashes.filter((hash) => hash !== ''));
}

const liveServices = (s: Situation): readonly (string | null | undefined)[] =>
  blueGreenOf(s) ? [blueGreenOf(s)?.activeService] : [canaryOf(s)?.stableService, canaryOf(s)?.canaryService];

function selections(s: Situation, plan: Plan | undefined, name: string | null | undefined): readonly string[] {
  const service = serviceOf(s, name ?? undefined);
  if (!service) return [];
  return [selectedHash(service), plan?.switchTo(service.metadata.name) ?? ''];
}

function routedVersions(s: Situation, plan: Plan | undefined): readonly string[] {
  const names = serviceNames(s);
  const { lowest, highest, byHeader } = routedNow(s);
  const stable = serviceOf(s, names.stable) ? selections(s, plan, names.stable) : [s.status.stableRS ?? ''];
  const canary = serviceOf(s, names.canary) ? selections(s, plan, names.canary) : [carrierOf(s)?.hash ?? ''];
  return [...(lowest < maxWeightOf(s) ? stable : []), ...(highest > 0 || byHeader ? canary : [])];
}
