import type { ServiceObservation, WorkloadObservation } from '@sluice/engine';
import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient, KubeLogger, RawObject } from '@sluice/kube';
import { formatSelector } from '@sluice/model';
import type { AnalysisTemplate } from '@sluice/model';
import type { Caches } from './caches.ts';
import { projectAnalysisTemplate, projectPod, projectService, projectWorkload } from './projections.ts';
import { workloadKinds } from './references.ts';
import type { WorkloadReference } from './references.ts';
import { foundWorkload, missingWorkload } from './sources.ts';
import type { Sources } from './sources.ts';

/**
 * Snapshots from the caches. A Service or workload that is not there is asked for directly before it counts as absent: objects that were
 * applied together arrive over different watches, and a Rollout must not be called invalid for that. Pods are always read directly.
 */
export function cachedSources(
  caches: Caches,
  client: Pick<KubeClient, 'get' | 'list'>,
  logger: KubeLogger,
  signal?: AbortSignal,
): Sources {
  const call = signal === undefined ? {} : { signal };

  async function serviceDirectly(namespace: string, name: string): Promise<ServiceObservation> {
    try {
      return projectService(await client.get<RawObject>(resources.services, { namespace, name }, call));
    } catch (error) {
      // Usage: no object can have that name.
      if (isKubeError(error, 'NotFound', 'Usage')) return 'absent';
      logger.warn({ object: `${namespace}/${name}`, error }, 'a Service could not be read');
      return 'unknown';
    }
  }

  async function workloadDirectly(
    namespace: string,
    reference: WorkloadReference & { readonly kind: 'workload' },
  ): Promise<WorkloadObservation> {
    const key = { namespace, name: reference.name };
    try {
      const raw = await client.get<RawObject>(workloadKinds[reference.of], key, call);
      return foundWorkload(projectWorkload(raw), reference.of);
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return missingWorkload(namespace, reference.of, reference.name);
      logger.warn(
        { kind: reference.of, workload: `${namespace}/${reference.name}`, error },
        'a workload could not be read',
      );
      return { kind: 'unknown' };
    }
  }

  async function templateDirectly(
    namespace: string,
    name: string,
    clusterScope: boolean,
  ): Promise<AnalysisTemplate | undefined> {
    const ref = clusterScope ? resources.clusterAnalysisTemplates : resources.analysisTemplates;
    try {
      return projectAnalysisTemplate(
        await client.get<RawObject>(ref, { name, ...(clusterScope ? {} : { namespace }) }, call),
      );
    } catch (error) {
      if (!isKubeError(error, 'NotFound', 'Usage'))
        logger.warn({ object: `${namespace}/${name}`, error }, 'an AnalysisTemplate could not be read');
      return undefined;
    }
  }

  return {
    ownedAnalysisRuns: ({ metadata }) => caches.analysisRuns?.byIndex('controller', metadata.uid ?? '') ?? [],
    ownedExperiments: ({ metadata }) => caches.experiments?.byIndex('controller', metadata.uid ?? '') ?? [],
    async analysisTemplate(namespace, name, clusterScope) {
      if (caches.analysisTemplates === undefined) return undefined;
      const cached = clusterScope
        ? caches.clusterAnalysisTemplates?.getByKey(name)
        : caches.analysisTemplates.get(namespace, name);
      return cached ?? (await templateDirectly(namespace, name, clusterScope));
    },
    ownedReplicaSets: (rollout) => caches.replicaSets.byIndex('controller', rollout.metadata.uid ?? ''),
    orphanedReplicaSets: (namespace) => caches.replicaSets.byIndex('orphan', namespace),
    async service(namespace, name) {
      return caches.services.get(namespace, name) ?? (await serviceDirectly(namespace, name));
    },
    async workload(namespace, reference, generation) {
      if (reference.kind === 'inline') return reference;
      if (reference.kind === 'unsupported') return { kind: 'missing', message: reference.message };
      const cached = caches.workloads.get(reference.of, namespace, reference.name);
      if (cached === 'unknown') return { kind: 'unknown' };
      if (cached === 'absent' || (cached.metadata.generation ?? 0) < generation)
        return await workloadDirectly(namespace, reference);
      return foundWorkload(cached, reference.of);
    },
    async pods(namespace, selector) {
      try {
        const options = { namespace, labelSelector: formatSelector(selector), ...call };
        return (await client.list<RawObject>(resources.pods, options)).items.map(projectPod);
      } catch (error) {
        logger.warn({ namespace, error }, 'pods could not be listed');
        return undefined;
      }
    },
  };
}
