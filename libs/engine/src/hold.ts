import type { RolloutSpec } from '@sluice/model';
import { hasAnalyses } from './rollout-analysis/wanted.ts';
import type { RolloutSnapshot } from './snapshot.ts';

/** Names of the routers that the strategy asks for, as plugins are named. */
export function routersOf(spec: RolloutSpec): readonly string[] {
  const routing = spec.strategy?.canary?.trafficRouting;
  if (!routing) return [];
  const { plugins, managedRoutes: _managed, maxTrafficWeight: _max, ...named } = routing;
  const names = Object.entries(named).filter(([, value]) => value !== undefined && value !== null);
  return [...names.map(([name]) => name), ...Object.keys(plugins ?? {})];
}

/**
 * What this Rollout needs and this installation has not got, in words; undefined when it can be moved. A Rollout that cannot be moved
 * safely is left exactly as it is.
 */
export function missingCapability({ rollout, capabilities }: RolloutSnapshot): string | undefined {
  const missing = routersOf(rollout.spec).find((name) => !capabilities.routers.includes(name));
  if (missing) return `traffic router "${missing}"`;
  const routing = rollout.spec.strategy?.canary?.trafficRouting;
  if (routing && routersOf(rollout.spec).length === 0)
    return 'a traffic router (spec.strategy.canary.trafficRouting names none)';
  if (!capabilities.analysis && hasAnalyses(rollout.spec)) return 'the analysis-runner (the strategy has an analysis)';
  const steps = rollout.spec.strategy?.canary?.steps ?? [];
  if (!capabilities.experiments && steps.some((step) => step.experiment))
    return 'the experiment-manager (a step is an experiment)';
  // A step plugin that is not there holds its step, and nothing else.
  return undefined;
}
