import { createInformer, keyOf, resources } from '@sluice/kube';
import type { Informer, KubeClient, KubeLogger, KubeObject, ReflectorTimings } from '@sluice/kube';
import { instanceIdLabel, podTemplateHashLabel } from '@sluice/model';
import type { AnalysisRun, AnalysisTemplate, Experiment, ReplicaSet, Service } from '@sluice/model';
import {
  controllerOf,
  isOfExperiment,
  projectAnalysisRun,
  projectExperiment,
  projectReplicaSet,
  projectService,
} from './projections.ts';

/** Local copies of what Experiments are made of. What belongs to an Experiment has the index `experiment` (uid of its controller). */
export interface Caches {
  /** Index: `template` (`namespace/name` of each AnalysisTemplate that it names). */
  readonly experiments: Informer<Experiment>;
  /** Those with the hash label. */
  readonly replicaSets: Informer<ReplicaSet>;
  readonly services: Informer<Service>;
  readonly analysisRuns: Informer<AnalysisRun>;
  readonly analysisTemplates: Informer<AnalysisTemplate>;
  start(): void;
  stop(): Promise<void>;
  whenSynced(signal?: AbortSignal): Promise<void>;
  readonly synced: boolean;
  /** Age of the oldest sign of life of any watch, in milliseconds. */
  readonly lastEventAgeMs: number;
}

export interface CacheOptions {
  readonly client: KubeClient;
  /** Absent or empty: all. */
  readonly namespaces?: readonly string[];
  /** Only Experiments with this instance id; absent or empty: only those without any. */
  readonly instanceId?: string;
  readonly logger: KubeLogger;
  readonly timings?: ReflectorTimings;
  readonly onRestart?: (plural: string, why: 'list' | 'watch', error: unknown) => void;
}

const instanceSelector = (instanceId: string | undefined): string =>
  instanceId ? `${instanceIdLabel}=${instanceId}` : `!${instanceIdLabel}`;

export function createCaches(options: CacheOptions): Caches {
  const { client, logger } = options;
  const namespaces = options.namespaces?.length ? options.namespaces : undefined;
  const shared = (plural: string) => ({
    client,
    namespaces,
    logger,
    ...options.timings,
    onRestart: (why: 'list' | 'watch', error: unknown) => options.onRestart?.(plural, why, error),
  });
  const labelSelector = instanceSelector(options.instanceId);
  const indexes = { experiment: experimentIndex };
  const experiments = createInformer<Experiment>({
    ...shared('experiments'),
    ref: resources.experiments,
    labelSelector,
    project: projectExperiment,
    indexes: { template: templateIndex },
  });
  const replicaSets = createInformer<ReplicaSet>({
    ...shared('replicasets'),
    ref: resources.replicaSets,
    labelSelector: podTemplateHashLabel,
    project: projectReplicaSet,
    indexes,
  });
  const services = createInformer<Service>({
    ...shared('services'),
    ref: resources.services,
    project: projectService,
    indexes,
  });
  const analysisRuns = createInformer<AnalysisRun>({
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
  const all = [experiments, replicaSets, services, analysisRuns, analysisTemplates] as const;
  return {
    experiments,
    replicaSets,
    services,
    analysisRuns,
    analysisTemplates,
    start: () => all.forEach((informer) => informer.start()),
    async stop() {
      await Promise.all(all.map((informer) => informer.stop()));
    },
    async whenSynced(signal) {
      await Promise.all(all.map((informer) => informer.whenSynced(signal)));
    },
    get synced() {
      return all.every((informer) => informer.synced);
    },
    get lastEventAgeMs() {
      return Math.max(...all.map((informer) => informer.lastEventAgeMs));
    },
  };
}

function experimentIndex(object: KubeObject): readonly string[] {
  return isOfExperiment(object as Parameters<typeof isOfExperiment>[0])
    ? [controllerOf(object as Parameters<typeof controllerOf>[0])?.uid ?? '']
    : [];
}

function templateIndex({ metadata, spec }: Experiment): readonly string[] {
  const { namespace = '' } = metadata;
  const named = (spec.analyses ?? []).filter(({ clusterScope }) => !clusterScope);
  return named.map(({ templateName }) => keyOf({ namespace, name: templateName }));
}
