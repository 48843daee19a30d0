import { createInformer, resources, withoutBookkeeping } from '@sluice/kube';
import type { Informer, KubeClient, KubeLogger, RawObject, ReflectorTimings } from '@sluice/kube';
import { instanceIdLabel, withoutNulls } from '@sluice/model';
import type { AnalysisRun } from '@sluice/model';

export interface RunCacheOptions {
  readonly client: KubeClient;
  /** Absent or empty: all. */
  readonly namespaces?: readonly string[];
  readonly instanceId?: string;
  readonly logger: KubeLogger;
  readonly timings?: ReflectorTimings;
  readonly onRestart?: (plural: string, why: 'list' | 'watch', error: unknown) => void;
}

/** AnalysisRuns of our share, without bookkeeping. */
export function createRunCache(options: RunCacheOptions): Informer<AnalysisRun> {
  const { namespaces, instanceId } = options;
  return createInformer<AnalysisRun>({
    client: options.client,
    ref: resources.analysisRuns,
    ...(namespaces?.length ? { namespaces } : {}),
    labelSelector: instanceId ? `${instanceIdLabel}=${instanceId}` : `!${instanceIdLabel}`,
    project: projectRun,
    logger: options.logger,
    ...options.timings,
    onRestart: (why, error) => options.onRestart?.('analysisruns', why, error),
  });
}

export function projectRun(raw: RawObject): AnalysisRun {
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  const run = { apiVersion, kind, metadata, spec: spec ?? {}, ...(status == null ? {} : { status }) };
  return withoutNulls('AnalysisRun', run as unknown as AnalysisRun);
}
