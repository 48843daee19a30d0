import { createInformer, resources, withoutBookkeeping } from '@sluice/kube';
import type { Informer, RawObject } from '@sluice/kube';
import { withoutNulls } from '@sluice/model';
import type { AnalysisRun } from '@sluice/model';
import { informerOptions, instanceSelector } from '@sluice/reconcile';
import type { CacheSetOptions } from '@sluice/reconcile';

/** AnalysisRuns of our share, without bookkeeping. */
export function createRunCache(options: CacheSetOptions): Informer<AnalysisRun> {
  return createInformer<AnalysisRun>({
    ...informerOptions(options, 'analysisruns'),
    ref: resources.analysisRuns,
    labelSelector: instanceSelector(options.instanceId),
    project: projectRun,
  });
}

export function projectRun(raw: RawObject): AnalysisRun {
  const { apiVersion, kind, metadata, spec, status } = withoutBookkeeping(raw);
  const run = { apiVersion, kind, metadata, spec: spec ?? {}, ...(status == null ? {} : { status }) };
  return withoutNulls('AnalysisRun', run as unknown as AnalysisRun);
}
