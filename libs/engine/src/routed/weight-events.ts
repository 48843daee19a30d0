import { eventReasons } from '@sluice/model';
import type { TrafficWeights } from '@sluice/model';
import type { EventIntent } from '../decision.ts';
import { event } from '../events.ts';
import { deepEqual } from '../same-status.ts';

/** Told when the split changes that all routers were seen to have, in words that people filter for. Source: spec-traffic §2.1 and recordings. */
export function weightEvents(before: TrafficWeights | null | undefined, next: TrafficWeights): readonly EventIntent[] {
  const hasSameExtras = deepEqual(told(before), told(next));
  if (before && hasSameExtras && deepEqual(before.canary, next.canary) && deepEqual(before.stable, next.stable))
    return [];
  const parts = [canaryChange(before, next), ...(hasSameExtras ? [] : [`additional: [${extras(next)}]`])];
  const change = parts.filter((part) => part !== '').join(', ');
  return [event(eventReasons.trafficWeightUpdated, `Traffic weight updated ${change}`)];
}

function canaryChange(before: TrafficWeights | null | undefined, { canary: { weight } }: TrafficWeights): string {
  if (!before) return `to ${weight}`;
  // Only the versions on the two sides have changed.
  return before.canary.weight === weight ? '' : `from ${before.canary.weight} to ${weight}`;
}

/** Those that are only named, for what is going to be asked of routers, have not changed anything yet. */
const told = (weights: TrafficWeights | null | undefined) =>
  (weights?.additional ?? []).filter(({ weight }) => weight > 0);

const extras = (weights: TrafficWeights): string =>
  told(weights)
    .map(({ weight, serviceName, podTemplateHash }) => `{${weight} ${serviceName ?? ''} ${podTemplateHash ?? ''}}`)
    .join(' ');
