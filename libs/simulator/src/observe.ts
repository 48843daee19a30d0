import { needsPods } from '@sluice/engine';
import type { RolloutSnapshot, ServiceObservation, WorkloadObservation } from '@sluice/engine';
import { podTemplateHashLabel, selectorMatches, serviceNamesOf } from '@sluice/model';
import type { KubeObject, LabelSelector, ReplicaSet, Rollout } from '@sluice/model';
import type { Cache } from './cache.ts';
import { controllerOf } from './objects.ts';
import { routerAnswers } from './router.ts';
import { pluginAnswers } from './step-plugin.ts';
import { memoryOf, sightRollout } from './world.ts';
import type { World } from './world.ts';

/** Assembles what bears on this Rollout from the caches, as old as they are. */
export function observe(world: World, rollout: Rollout): RolloutSnapshot {
  const { cache } = world;
  const workload = observeWorkload(cache, rollout);
  const selector = rollout.spec.selector ?? (workload.kind === 'found' ? workload.selector : undefined);
  const sets = cache.list('ReplicaSet');
  const replicaSets = sets.filter((set) => controllerOf(set)?.uid === rollout.metadata.uid);
  const orphans = sets.filter((set) => isOrphan(set, selector));
  const claimed = new Set([...replicaSets, ...orphans]);
  const uids = new Set(replicaSets.map((set) => set.metadata.uid));
  sightRollout(world, rollout.metadata.name);
  const memory = memoryOf(world, rollout.metadata.name);
  const { createFailure, commands } = memory;
  const stable = rollout.status?.stableRS;
  const stableSet = stable && replicaSets.find(({ metadata }) => metadata.labels?.[podTemplateHashLabel] === stable);
  if (stableSet) memory.lastStable = stableSet;
  return {
    now: world.store.now,
    rollout,
    workload,
    replicaSets,
    orphans,
    services: observeServices(cache, rollout),
    ...(needsPods(rollout) ? { pods: cache.list('Pod').filter((pod) => uids.has(controllerOf(pod)?.uid)) } : {}),
    takenNames: sets.filter((set) => !claimed.has(set)).map((set) => set.metadata.name),
    ...(createFailure ? { createFailure } : {}),
    ...(commands ? { commands } : {}),
    ...(stable && !stableSet && memory.lastStable ? { lastStable: memory.lastStable } : {}),
    ...observeAnalyses(world, rollout),
    ...routerAnswers(world, rollout),
    ...pluginAnswers(world),
    capabilities: world.capabilities,
  };
}

/** Runs and Experiments of this Rollout, all templates there are, and the names that are taken. */
function observeAnalyses({ cache, capabilities }: World, rollout: Rollout): Partial<RolloutSnapshot> {
  if (!capabilities.analysis && !capabilities.experiments) return {};
  const runs = cache.list('AnalysisRun');
  const experiments = cache.list('Experiment');
  const isOwn = (object: KubeObject): boolean => controllerOf(object)?.uid === rollout.metadata.uid;
  return {
    analysisRuns: runs.filter(isOwn),
    experiments: experiments.filter(isOwn),
    analysisTemplates: Object.fromEntries(cache.list('AnalysisTemplate').map((one) => [one.metadata.name, one])),
    takenRunNames: [...runs, ...experiments].filter((one) => !isOwn(one)).map(({ metadata }) => metadata.name),
  };
}

function observeWorkload(cache: Cache, { metadata, spec }: Rollout): WorkloadObservation {
  const { workloadRef } = spec;
  if (!workloadRef) return { kind: 'inline' };
  const { kind, name = '' } = workloadRef;
  const missing = (what: string): WorkloadObservation => ({
    kind: 'missing',
    message: `${what} "${metadata.namespace ?? ''}/${name}" not found`,
  });
  if (kind === 'Deployment') {
    const found = cache.get('Deployment', name);
    if (!found) return missing('deployments.apps');
    const { template, selector, replicas } = found.spec;
    return { kind: 'found', template, selector, generation: found.metadata.generation ?? 1, replicas: replicas ?? 1 };
  }
  if (kind === 'ReplicaSet') {
    const found = cache.get('ReplicaSet', name);
    return found
      ? {
          kind: 'found',
          template: found.spec.template ?? {},
          selector: found.spec.selector,
          generation: found.metadata.generation ?? 1,
        }
      : missing('replicasets.apps');
  }
  const found = cache.get('PodTemplate', name);
  return found
    ? { kind: 'found', template: found.template, generation: found.metadata.generation ?? 1 }
    : missing('podtemplates');
}

function observeServices(cache: Cache, rollout: Rollout): Record<string, ServiceObservation> {
  return Object.fromEntries(serviceNamesOf(rollout).map((name) => [name, cache.get('Service', name) ?? 'absent']));
}

function isOrphan(set: ReplicaSet, selector: LabelSelector | null | undefined): boolean {
  const labels = set.metadata.labels ?? {};
  return controllerOf(set) === undefined && podTemplateHashLabel in labels && selectorMatches(selector, labels);
}
