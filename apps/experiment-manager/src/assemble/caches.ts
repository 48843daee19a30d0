import { controllerOf, createInformer, keyOf, resources } from '@sluice/kube';
import type { Informer, KubeObject } from '@sluice/kube';
import { podTemplateHashLabel } from '@sluice/model';
import type { AnalysisRun, AnalysisTemplate, Experiment } from '@sluice/model';
import { createCacheSet, informerOptions, instanceSelector } from '@sluice/reconcile';
import type { CacheSet, CacheSetOptions } from '@sluice/reconcile';
import {
  isOfExperiment,
  projectAnalysisRun,
  projectExperiment,
  projectReplicaSet,
  projectService,
} from './projections.ts';
import type { CachedReplicaSet, CachedService, OwnOrStub } from './projections.ts';

/** Local copies of what Experiments are made of. What belongs to an Experiment has the index `experiment` (uid of its controller). */
export interface Caches extends CacheSet {
  /** Index: `template` (`namespace/name` of each AnalysisTemplate that it names). */
  readonly experiments: Informer<Experiment>;
  /** Those with the hash label. */
  readonly replicaSets: Informer<OwnOrStub<CachedReplicaSet>>;
  readonly services: Informer<OwnOrStub<CachedService>>;
  readonly analysisRuns: Informer<OwnOrStub<AnalysisRun>>;
  readonly analysisTemplates: Informer<AnalysisTemplate>;
}

export function createCaches(options: CacheSetOptions): Caches {
  const shared = (plural: string) => informerOptions(options, plural);
  const labelSelector = instanceSelector(options.instanceId);
  const indexes = { experiment: experimentIndex };
  const experiments = createInformer<Experiment>({
    ...shared('experiments'),
    ref: resources.experiments,
    labelSelector,
    project: projectExperiment,
    indexes: { template: templateIndex },
  });
  const replicaSets = createInformer<OwnOrStub<CachedReplicaSet>>({
    ...shared('replicasets'),
    ref: resources.replicaSets,
    labelSelector: podTemplateHashLabel,
    project: projectReplicaSet,
    indexes,
  });
  const services = createInformer<OwnOrStub<CachedService>>({
    ...shared('services'),
    ref: resources.services,
    project: projectService,
    indexes,
  });
  const analysisRuns = createInformer<OwnOrStub<AnalysisRun>>({
    ...shared('analysisruns'),
    ref: resources.analysisRuns,
    labelSelector,
    project: projectAnalysisRun,
    indexes,
  });
  const analysisTemplates = createInformer<AnalysisTemplate>({
    ...shared('analysistemplates'),
    ref: resources.analysisTemplates,
  });
  const named = { experiments, replicaSets, services, analysisRuns, analysisTemplates };
  return Object.assign(createCacheSet(Object.values(named)), named);
}

function experimentIndex(object: KubeObject): readonly string[] {
  return isOfExperiment(object) ? [controllerOf(object)?.uid ?? ''] : [];
}

function templateIndex({ metadata, spec }: Experiment): readonly string[] {
  const { namespace = '' } = metadata;
  const named = (spec.analyses ?? []).filter(({ clusterScope }) => !clusterScope);
  return named.map(({ templateName }) => keyOf({ namespace, name: templateName }));
}
