import type { ObservedExperiment, ObservedRun } from '@sluice/engine';
import { controllerOf, createInformer, keyOf, resources } from '@sluice/kube';
import type { Informer } from '@sluice/kube';
import { podTemplateHashLabel, referencedTemplates, serviceNamesOf } from '@sluice/model';
import type { AnalysisTemplate, ReplicaSet, Rollout, Service } from '@sluice/model';
import { createCacheSet, informerOptions, instanceSelector } from '@sluice/reconcile';
import type { CacheSet, CacheSetOptions } from '@sluice/reconcile';
import {
  projectAnalysisRun,
  projectAnalysisTemplate,
  projectExperiment,
  projectReplicaSet,
  projectRollout,
  projectService,
} from './projections.ts';
import { workloadReferenceOf } from './references.ts';
import { createWorkloadCaches } from './workloads.ts';
import type { WorkloadCaches } from './workloads.ts';

/** Local copies of what Rollouts are made of, each projected to the fields in use, with the indexes that the controller asks. */
export interface Caches extends CacheSet {
  /** Indexes: `service` (`namespace/name` of each Service it names), `workload` (see `workloadIndexKey`), `analyzed` (namespace, where it names a template). */
  readonly rollouts: Informer<Rollout>;
  /** Those with the hash label. Indexes: `controller` (uid), `orphan` (namespace, when there is no controller). */
  readonly replicaSets: Informer<ReplicaSet>;
  readonly services: Informer<Service>;
  readonly workloads: WorkloadCaches;
  /** Absent where there is no analysis-runner. Index: `controller` (uid). */
  readonly analysisRuns?: Informer<ObservedRun>;
  readonly analysisTemplates?: Informer<AnalysisTemplate>;
  /** Absent also where only some namespaces are served: cluster templates cannot be read there. */
  readonly clusterAnalysisTemplates?: Informer<AnalysisTemplate>;
  /** Absent where there is no experiment-manager. Index: `controller` (uid). */
  readonly experiments?: Informer<ObservedExperiment>;
}

export interface CacheOptions extends CacheSetOptions {
  /** Which kinds of other services are followed. */
  readonly follows?: { readonly analysis: boolean; readonly experiments: boolean };
}

export function workloadIndexKey(of: string, namespace: string | undefined, name: string | undefined): string {
  return `${of}/${namespace ?? ''}/${name ?? ''}`;
}

export function createCaches(options: CacheOptions): Caches {
  const { client, logger } = options;
  const shared = (plural: string) => informerOptions(options, plural);
  const { namespaces } = shared('');
  const rollouts = createInformer<Rollout>({
    ...shared('rollouts'),
    ref: resources.rollouts,
    labelSelector: instanceSelector(options.instanceId),
    project: projectRollout,
    indexes: { service: serviceIndex, workload: workloadIndex, analyzed: analyzedIndex },
  });
  const replicaSets = createInformer<ReplicaSet>({
    ...shared('replicasets'),
    ref: resources.replicaSets,
    labelSelector: podTemplateHashLabel,
    project: projectReplicaSet,
    indexes: { controller: controllerIndex, orphan: orphanIndex },
  });
  const services = createInformer<Service>({
    ...shared('services'),
    ref: resources.services,
    project: projectService,
  });
  const workloads = createWorkloadCaches({
    client,
    namespaces,
    logger,
    ...(options.timings && { timings: options.timings }),
  });
  const followed = followedCaches(options, shared, instanceSelector(options.instanceId));
  const set = createCacheSet([rollouts, replicaSets, services, ...Object.values(followed)]);
  return {
    rollouts,
    replicaSets,
    services,
    workloads,
    ...followed,
    // Workloads are watched kind by kind, when the first Rollout names one: nothing waits for them.
    start: () => set.start(),
    async stop() {
      await Promise.all([set.stop(), workloads.stop()]);
    },
    whenSynced: (signal) => set.whenSynced(signal),
    get synced() {
      return set.synced;
    },
    get lastEventAgeMs() {
      return Math.max(workloads.lastEventAgeMs, set.lastEventAgeMs);
    },
  };
}

type Shared = (plural: string) => ReturnType<typeof informerOptions>;
type Followed = Pick<Caches, 'analysisRuns' | 'analysisTemplates' | 'clusterAnalysisTemplates' | 'experiments'>;

function followedCaches({ follows, namespaces }: CacheOptions, shared: Shared, labelSelector: string): Followed {
  const controller = { controller: controllerIndex };
  const analysis = {
    analysisRuns: () =>
      createInformer<ObservedRun>({
        ...shared('analysisruns'),
        ref: resources.analysisRuns,
        labelSelector,
        project: projectAnalysisRun,
        indexes: controller,
      }),
    analysisTemplates: () =>
      createInformer<AnalysisTemplate>({
        ...shared('analysistemplates'),
        ref: resources.analysisTemplates,
        labelSelector,
        project: projectAnalysisTemplate,
      }),
    clusterAnalysisTemplates: () =>
      createInformer<AnalysisTemplate>({
        ...shared('clusteranalysistemplates'),
        ref: resources.clusterAnalysisTemplates,
        labelSelector,
        project: projectAnalysisTemplate,
      }),
  };
  return {
    ...(follows?.analysis && {
      analysisRuns: analysis.analysisRuns(),
      analysisTemplates: analysis.analysisTemplates(),
      ...(!namespaces?.length && { clusterAnalysisTemplates: analysis.clusterAnalysisTemplates() }),
    }),
    ...(follows?.experiments && {
      experiments: createInformer<ObservedExperiment>({
        ...shared('experiments'),
        ref: resources.experiments,
        labelSelector,
        project: projectExperiment,
        indexes: controller,
      }),
    }),
  };
}

function analyzedIndex(rollout: Rollout): readonly string[] {
  const isAnalyzed = referencedTemplates(rollout).some(({ references }) => references.length > 0);
  return isAnalyzed ? [rollout.metadata.namespace ?? ''] : [];
}

function serviceIndex(rollout: Rollout): readonly string[] {
  const { namespace = '' } = rollout.metadata;
  return serviceNamesOf(rollout).map((name) => keyOf({ namespace, name }));
}

/** A referenced workload, and its kind alone: all Rollouts of the kind are asked for when it becomes known. */
function workloadIndex(rollout: Rollout): readonly string[] {
  const reference = workloadReferenceOf(rollout);
  if (reference.kind !== 'workload') return [];
  return [workloadIndexKey(reference.of, rollout.metadata.namespace, reference.name), reference.of];
}

function controllerIndex(object: ReplicaSet | ObservedRun | ObservedExperiment): readonly string[] {
  const uid = controllerOf(object)?.uid;
  return uid === undefined ? [] : [uid];
}

function orphanIndex(set: ReplicaSet): readonly string[] {
  return controllerOf(set) === undefined ? [set.metadata.namespace ?? ''] : [];
}
