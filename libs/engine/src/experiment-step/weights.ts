import type { Destination } from '../routed/intent.ts';
import { stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { currentStepIndex } from '../weight.ts';
import { currentExperiment } from './turn.ts';

export type WeightedDestination = Destination & { readonly weight: number };

/**
 * Versions of the running experiment that get a share of the traffic: those whose pods are all there. Source: spec-experiment §10.3.
 */
export function experimentDestinations(s: Situation): readonly WeightedDestination[] {
  const experiment = currentExperiment(s);
  if (!experiment || experiment.status?.phase !== 'Running' || experiment.spec.terminate) return [];
  const destinations: WeightedDestination[] = [];
  for (const { name, weight } of stepTemplates(s)) {
    const status = experiment.status.templateStatuses?.find((each) => each.name === name);
    const { serviceName, podTemplateHash } = status ?? {};
    const isThere = status?.status === 'Running' && (status.availableReplicas ?? 0) > 0;
    if (weight === undefined || !isThere || !serviceName || !podTemplateHash) continue;
    destinations.push({ service: serviceName, hash: podTemplateHash, weight });
  }
  return destinations;
}

function stepTemplates(s: Situation) {
  const steps = stepsOf(s);
  const last = currentStepIndex(s) ?? steps.length - 1;
  return steps.slice(0, last + 1).findLast(({ experiment }) => experiment)?.experiment?.templates ?? [];
}
