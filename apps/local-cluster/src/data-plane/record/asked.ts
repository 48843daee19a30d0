// The split that was asked for, as the Rollout's status says it.
import type { Rollout } from '../objects/shapes.ts';

export interface AskedShare {
  /** Pod template hash; empty where the status names none. */
  readonly hash: string;
  readonly percent: number;
}

export interface Asked {
  /** Where it is read: the weights that the routers were given, the steps (the share of the pods is the share of the requests), or the active version. */
  readonly from: 'weights' | 'steps' | 'active';
  readonly shares: readonly AskedShare[];
}

/** Undefined for a Rollout without a status. Additional destinations are those of experiments. */
export function askedSplit({ spec, status }: Rollout): Asked | undefined {
  if (!status?.currentPodHash && !status?.stableRS) return undefined;
  const { currentPodHash: canary = '', stableRS: stable = '' } = status;
  if (spec?.strategy?.blueGreen)
    return { from: 'active', shares: shares([[status.blueGreen?.activeSelector ?? stable, 1]]) };
  const weights = status.canary?.weights;
  if (weights)
    return {
      from: 'weights',
      shares: shares([
        [stable, weights.stable?.weight ?? 0],
        [canary, weights.canary?.weight ?? 0],
        ...(weights.additional ?? []).map((a): [string, number] => [a.podTemplateHash ?? '', a.weight ?? 0]),
      ]),
    };
  const weight = status.abort || !stable || stable === canary ? 0 : stepWeight(spec, status.currentStepIndex ?? 0);
  return {
    from: 'steps',
    shares: shares([
      [stable || canary, 100 - weight],
      [canary, weight],
    ]),
  };
}

/** The newest setWeight at or before the step; 100 once the steps are over. */
function stepWeight(spec: Rollout['spec'], index: number): number {
  const steps = spec?.strategy?.canary?.steps ?? [];
  if (index >= steps.length) return 100;
  return steps.slice(0, index + 1).findLast((step) => step.setWeight !== undefined)?.setWeight ?? 0;
}

function shares(weights: readonly (readonly [hash: string, weight: number])[]): AskedShare[] {
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const sums = new Map<string, number>();
  for (const [hash, weight] of weights) if (weight > 0) sums.set(hash, (sums.get(hash) ?? 0) + weight);
  return [...sums].map(([hash, weight]) => ({ hash, percent: (100 * weight) / total }));
}
