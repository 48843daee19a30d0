import { needsRoutes, rolloutOf } from '@sluice/engine';
import type { EpochMs, ExperimentAnswers, ExperimentSnapshot, Observed } from '@sluice/engine';
import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient, KubeLogger, KubeObject, RawObject, ResourceRef } from '@sluice/kube';
import type { AnalysisRun, AnalysisTemplate, Experiment } from '@sluice/model';
import type { Caches } from './caches.ts';
import { isOfExperiment } from './projections.ts';
import type { CachedReplicaSet, CachedService } from './projections.ts';

/** Where a snapshot is taken from. */
export interface Sources {
  readonly caches: Caches;
  readonly client: Pick<KubeClient, 'get'>;
  readonly logger: KubeLogger;
  readonly signal?: AbortSignal;
}

/** Everything that bears on one Experiment at this moment, frozen. Never throws for what cannot be read: that is unknown in it. */
export async function assembleSnapshot(
  sources: Sources,
  experiment: Experiment,
  { now, answers }: { readonly now: EpochMs; readonly answers: ExperimentAnswers },
): Promise<ExperimentSnapshot> {
  const { caches } = sources;
  const uid = experiment.metadata.uid ?? '';
  const replicaSets = byName(caches.replicaSets.byIndex('experiment', uid).filter(isOfExperiment<CachedReplicaSet>));
  const analysisRuns = byName(caches.analysisRuns.byIndex('experiment', uid).filter(isOfExperiment<AnalysisRun>));
  const services = byName(caches.services.byIndex('experiment', uid).filter(isOfExperiment<CachedService>));
  const [templates, absentRuns, routedHashes] = await Promise.all([
    readTemplates(sources, experiment),
    findAbsentRuns(sources, experiment, new Set(analysisRuns.map(({ metadata }) => metadata.name))),
    needsRoutes({ experiment, replicaSets, services }) ? readRoutes(sources, experiment) : undefined,
  ]);
  return Object.freeze({
    now,
    experiment,
    replicaSets,
    services,
    analysisRuns,
    absentRuns,
    ...templates,
    ...(routedHashes === undefined ? {} : { routedHashes }),
    answers,
  });
}

/** Something in it could not be read, so that a later look may see more without any change in the cluster. */
export function isIncomplete(snapshot: ExperimentSnapshot): boolean {
  const all = [...Object.values(snapshot.analysisTemplates), ...Object.values(snapshot.clusterAnalysisTemplates)];
  return all.includes('unknown');
}

const byName = <T extends KubeObject>(objects: readonly T[]): readonly T[] =>
  Object.freeze([...objects].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)));

type Templates = Pick<ExperimentSnapshot, 'analysisTemplates' | 'clusterAnalysisTemplates'>;

/** The templates of the analyses that have not begun, and all that they name in turn, each once. */
async function readTemplates(sources: Sources, { metadata, spec, status }: Experiment): Promise<Templates> {
  const namespace = metadata.namespace ?? '';
  const found = {
    namespaced: new Map<string, Observed<AnalysisTemplate>>(),
    cluster: new Map<string, Observed<AnalysisTemplate>>(),
  };
  const begun = new Set(status?.analysisRuns?.map(({ name }) => name));
  const waiting = (spec.analyses ?? [])
    .filter(({ name }) => !begun.has(name))
    .map(({ templateName, clusterScope }) => ({ templateName, clusterScope: clusterScope === true }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { templateName, clusterScope } = next;
    const among = clusterScope ? found.cluster : found.namespaced;
    if (among.has(templateName)) continue;
    const template = await readTemplate(sources, namespace, templateName, clusterScope);
    among.set(templateName, template);
    if (typeof template !== 'object') continue;
    for (const reference of template.spec.templates ?? [])
      waiting.push({ templateName: reference.templateName ?? '', clusterScope: reference.clusterScope === true });
  }
  return {
    analysisTemplates: Object.freeze(Object.fromEntries(found.namespaced)),
    clusterAnalysisTemplates: Object.freeze(Object.fromEntries(found.cluster)),
  };
}

async function readTemplate(
  sources: Sources,
  namespace: string,
  name: string,
  clusterScope: boolean,
): Promise<Observed<AnalysisTemplate>> {
  if (clusterScope) return await readDirectly<AnalysisTemplate>(sources, resources.clusterAnalysisTemplates, { name });
  const cached = sources.caches.analysisTemplates.get(namespace, name);
  // Objects that were applied together arrive over different watches.
  return cached ?? (await readDirectly<AnalysisTemplate>(sources, resources.analysisTemplates, { namespace, name }));
}

async function findAbsentRuns(
  sources: Sources,
  { metadata, status }: Experiment,
  cached: ReadonlySet<string>,
): Promise<readonly string[]> {
  const open = (status?.analysisRuns ?? []).filter(({ phase }) => phase === 'Pending' || phase === 'Running');
  const missing = open.map(({ analysisRun }) => analysisRun).filter((name) => name !== '' && !cached.has(name));
  const { namespace = '' } = metadata;
  const observed = await Promise.all(
    missing.map((name) => readDirectly(sources, resources.analysisRuns, { namespace, name })),
  );
  return Object.freeze(missing.filter((_name, index) => observed[index] === 'absent'));
}

/** Hashes that the Rollout which made the experiment says it gives a share of the traffic to; undefined when that could not be read. */
async function readRoutes(sources: Sources, experiment: Experiment): Promise<readonly string[] | undefined> {
  const { name = '', uid } = rolloutOf(experiment) ?? {};
  const { namespace = '' } = experiment.metadata;
  const rollout = await readDirectly<RawObject>(sources, resources.rollouts, { namespace, name });
  if (rollout === 'unknown') return undefined;
  if (rollout === 'absent' || rollout.metadata.uid !== uid) return [];
  const additional = (rollout['status']?.canary?.weights?.additional ?? []) as { readonly podTemplateHash?: string }[];
  return additional.flatMap(({ podTemplateHash }) => podTemplateHash ?? []);
}

async function readDirectly<T extends KubeObject>(
  { client, logger, signal }: Sources,
  ref: ResourceRef,
  key: { readonly namespace?: string; readonly name: string },
): Promise<Observed<T>> {
  try {
    return await client.get<T>(ref, key, signal === undefined ? {} : { signal });
  } catch (error) {
    // Usage: no object can have that name.
    if (isKubeError(error, 'NotFound', 'Usage')) return 'absent';
    logger.warn({ kind: ref.kind, object: `${key.namespace ?? ''}/${key.name}`, error }, 'an object could not be read');
    return 'unknown';
  }
}
