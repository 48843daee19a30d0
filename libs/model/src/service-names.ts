import type { RolloutSpec } from './api/index.ts';

/** Names of all Services that the strategy names, each once. Source: spec-rollout §8. */
export function serviceNamesOf({ spec }: { readonly spec: Pick<RolloutSpec, 'strategy'> }): string[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const names = [
    canary?.stableService,
    canary?.canaryService,
    canary?.pingPong?.pingService,
    canary?.pingPong?.pongService,
    blueGreen?.activeService,
    blueGreen?.previewService,
  ];
  return [...new Set(names.filter((name): name is string => Boolean(name)))];
}
