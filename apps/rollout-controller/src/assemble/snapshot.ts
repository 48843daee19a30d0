import { controllerOf } from '@sluice/kube';
import { needsPods } from '@sluice/engine';
import type { Capabilities, EpochMs, RolloutSnapshot, ServiceObservation, WorkloadObservation } from '@sluice/engine';
import { referencedTemplates, selectorMatches, serviceNamesOf } from '@sluice/model';
import type { AnalysisTemplate, LabelSelector, Pod, ReplicaSet, Rollout, TemplateReference } from '@sluice/model';
import { workloadReferenceOf } from './references.ts';
import type { Sources } from './sources.ts';

/** What is known besides the objects: see RolloutSnapshot. */
export type Known = Pick<
  RolloutSnapshot,
  | 'refusals'
  | 'takenNames'
  | 'templateRefusal'
  | 'createFailure'
  | 'takenRunNames'
  | 'unreachable'
  | 'stepPlugins'
  | 'commands'
>;

export interface SnapshotOptions {
  readonly now: EpochMs;
  readonly capabilities: Capabilities;
  readonly known?: Known;
}

/**
 * Everything that bears on one Rollout at this moment, frozen. Never throws for what cannot be read: that is `unknown` in it
 * (`isIncomplete` says so).
 */
export async function assembleSnapshot(
  sources: Sources,
  rollout: Rollout,
  options: SnapshotOptions,
): Promise<RolloutSnapshot> {
  const namespace = rollout.metadata.namespace ?? '';
  const workload = await sources.workload(namespace, workloadReferenceOf(rollout), neededGeneration(rollout));
  const selector = selectorOf(rollout, workload);
  const owned = sources.ownedReplicaSets(rollout);
  const services = await observeServices(sources, rollout, namespace);
  const pods = needsPods(rollout) && selector ? await ownPods(sources, namespace, selector, owned) : undefined;
  return Object.freeze({
    now: options.now,
    rollout,
    workload,
    replicaSets: Object.freeze(owned),
    orphans: Object.freeze(orphansOf(sources, namespace, selector)),
    services: Object.freeze(services),
    ...(pods === undefined ? {} : { pods: Object.freeze(pods) }),
    analysisRuns: sources.ownedAnalysisRuns(rollout),
    experiments: sources.ownedExperiments(rollout),
    ...(await observeTemplates(sources, rollout, namespace)),
    capabilities: options.capabilities,
    ...options.known,
  });
}

/**
 * How old the workload may be. A command that has nothing to act on in the version that the status mentions may be meant for one that is in the workload already, and that another
 * watch has not delivered yet; and what the status is about must not be seen to go back.
 */
function neededGeneration({ status }: Rollout): number {
  const isCommanded = (status?.abort === true && !status.abortedAt) || status?.promoteFull === true;
  if (isCommanded && status.stableRS === status.currentPodHash) return Infinity;
  return Number(status?.workloadObservedGeneration ?? 0) || 0;
}

/** Something in it could not be read, so that a later look may see more without any change in the cluster. */
export function isIncomplete(snapshot: RolloutSnapshot): boolean {
  return (
    snapshot.workload.kind === 'unknown' ||
    Object.values(snapshot.services).includes('unknown') ||
    (needsPods(snapshot.rollout) && snapshot.pods === undefined)
  );
}

function selectorOf(rollout: Rollout, workload: WorkloadObservation): LabelSelector | undefined {
  return rollout.spec.selector ?? (workload.kind === 'found' ? workload.selector : undefined);
}

function orphansOf(sources: Sources, namespace: string, selector: LabelSelector | undefined): readonly ReplicaSet[] {
  if (selector === undefined) return [];
  return sources.orphanedReplicaSets(namespace).filter((set) => selectorMatches(selector, set.metadata.labels));
}

async function observeServices(
  sources: Sources,
  rollout: Rollout,
  namespace: string,
): Promise<Record<string, ServiceObservation>> {
  const names = serviceNamesOf(rollout);
  const observed = await Promise.all(names.map((name) => sources.service(namespace, name)));
  return Object.fromEntries(names.map((name, index) => [name, observed[index] ?? 'unknown']));
}

/** The templates that the strategy names and those that they name in turn; one that names itself is read once. */
async function observeTemplates(
  sources: Sources,
  rollout: Rollout,
  namespace: string,
): Promise<Pick<RolloutSnapshot, 'analysisTemplates' | 'clusterAnalysisTemplates'>> {
  const found = {
    namespaced: new Map<string, AnalysisTemplate | undefined>(),
    cluster: new Map<string, AnalysisTemplate | undefined>(),
  };
  const waiting: TemplateReference[] = referencedTemplates(rollout).flatMap(({ references }) => references);
  for (let reference = waiting.pop(); reference !== undefined; reference = waiting.pop()) {
    const clusterScope = reference.clusterScope === true;
    const name = reference.templateName ?? '';
    const known = clusterScope ? found.cluster : found.namespaced;
    if (name === '' || known.has(name)) continue;
    const template = await sources.analysisTemplate(namespace, name, clusterScope);
    known.set(name, template);
    waiting.push(...(template?.spec.templates ?? []));
  }
  if (found.namespaced.size === 0 && found.cluster.size === 0) return {};
  return { analysisTemplates: present(found.namespaced), clusterAnalysisTemplates: present(found.cluster) };
}

const present = (templates: ReadonlyMap<string, AnalysisTemplate | undefined>): Record<string, AnalysisTemplate> =>
  Object.fromEntries([...templates].flatMap(([name, template]) => (template ? [[name, template]] : [])));

async function ownPods(
  sources: Sources,
  namespace: string,
  selector: LabelSelector,
  owned: readonly ReplicaSet[],
): Promise<readonly Pod[] | undefined> {
  const uids = new Set(owned.map((set) => set.metadata.uid));
  const pods = await sources.pods(namespace, selector);
  return pods?.filter((pod) => uids.has(controllerOf(pod)?.uid ?? ''));
}
