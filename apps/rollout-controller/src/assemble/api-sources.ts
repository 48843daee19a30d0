import type { RolloutSnapshot } from '@sluice/engine';
import { noCapabilities } from '@sluice/engine';
import type { Capabilities, EpochMs, ObservedExperiment, ObservedRun } from '@sluice/engine';
import { controllerOf, isKubeError, resources } from '@sluice/kube';
import type { KubeClient, RawObject, ResourceRef } from '@sluice/kube';
import { conditionReasons, conditionTypes, formatSelector, podTemplateHash, podTemplateHashLabel } from '@sluice/model';
import type { ConditionType, ReplicaSet } from '@sluice/model';
import {
  projectAnalysisRun,
  projectAnalysisTemplate,
  projectExperiment,
  projectPod,
  projectReplicaSet,
  projectRollout,
  projectService,
  projectWorkload,
} from './projections.ts';
import { workloadKinds } from './references.ts';
import { assembleSnapshot } from './snapshot.ts';
import type { Known } from './snapshot.ts';
import { foundWorkload, missingWorkload } from './sources.ts';
import type { Sources } from './sources.ts';

export interface ApiSnapshotOptions {
  readonly now: EpochMs;
  /** What the installation that serves this Rollout can do; nothing when absent. */
  readonly capabilities?: Capabilities;
}

/**
 * The snapshot of one Rollout from direct reads, without a running controller: for `sluice explain` and `sluice plan`. Undefined when there
 * is no such Rollout. Throws KubeError when the Rollout or its ReplicaSets cannot be read; what else cannot be read is `unknown`.
 */
export async function assembleFromApi(
  client: Pick<KubeClient, 'find' | 'list'>,
  namespace: string,
  name: string,
  options: ApiSnapshotOptions,
): Promise<RolloutSnapshot | undefined> {
  const raw = await client.find<RawObject>(resources.rollouts, { namespace, name });
  if (raw === undefined) return undefined;
  const rollout = projectRollout(raw);
  const all = (await client.list<RawObject>(resources.replicaSets, { namespace })).items.map(projectReplicaSet);
  const takenNames = all
    .filter((set) => isForeign(set, rollout.metadata.uid) && set.metadata.name.startsWith(`${name}-`))
    .map((set) => set.metadata.name);
  const judges = {
    runs: await ownedBy(client, resources.analysisRuns, namespace, rollout.metadata.uid, projectAnalysisRun),
    experiments: await ownedBy(client, resources.experiments, namespace, rollout.metadata.uid, projectExperiment),
  };
  const snapshot = await assembleSnapshot(apiSources(client, all, judges), rollout, {
    now: options.now,
    capabilities: options.capabilities ?? noCapabilities,
    known: takenNames.length === 0 ? {} : { takenNames },
  });
  return Object.freeze({ ...snapshot, ...toldByStatus(snapshot) });
}

/** What the API server has answered to the controller's creations: only that controller knows it, and the status, into which it wrote it. */
function toldByStatus({ rollout, workload }: RolloutSnapshot): Known {
  const { metadata, spec, status } = rollout;
  const template = workload.kind === 'found' ? workload.template : spec.template;
  if (!template || status?.observedGeneration !== String(metadata.generation ?? 0)) return {};
  const hash = podTemplateHash(template, status.collisionCount);
  const told = (type: ConditionType, reason: string): string =>
    status.conditions?.find((condition) => condition.type === type && condition.reason === reason)?.message ?? '';
  const [, refusal = ''] =
    / is invalid: ((?:ReplicaSet|spec\.template).*)/s.exec(
      told(conditionTypes.invalidSpec, conditionReasons.invalidSpec),
    ) ?? [];
  const failure = told(conditionTypes.progressing, conditionReasons.replicaSetCreateError);
  return {
    ...(refusal === '' ? {} : { templateRefusal: { hash, message: refusal } }),
    ...(failure === '' ? {} : { createFailure: { hash, message: failure } }),
  };
}

const hasHash = (set: ReplicaSet): boolean => set.metadata.labels?.[podTemplateHashLabel] !== undefined;

/** Neither this Rollout's nor one that it could adopt. */
function isForeign(set: ReplicaSet, uid: string | undefined): boolean {
  const owner = controllerOf(set);
  return owner === undefined ? !hasHash(set) : owner.uid !== uid;
}

interface Judges {
  readonly runs: readonly ObservedRun[];
  readonly experiments: readonly ObservedExperiment[];
}

async function ownedBy<T extends ObservedRun | ObservedExperiment>(
  client: Pick<KubeClient, 'list'>,
  ref: ResourceRef,
  namespace: string,
  uid: string | undefined,
  project: (raw: RawObject) => T,
): Promise<readonly T[]> {
  try {
    const { items } = await client.list<RawObject>(ref, { namespace });
    return items.map(project).filter((object) => controllerOf(object)?.uid === uid);
  } catch {
    return [];
  }
}

function apiSources(
  client: Pick<KubeClient, 'find' | 'list'>,
  all: readonly ReplicaSet[],
  { runs, experiments }: Judges,
): Sources {
  const labelled = all.filter(hasHash);
  return {
    ownedAnalysisRuns: () => runs,
    ownedExperiments: () => experiments,
    async analysisTemplate(namespace, name, clusterScope) {
      const ref = clusterScope ? resources.clusterAnalysisTemplates : resources.analysisTemplates;
      try {
        const raw = await client.find<RawObject>(ref, { name, ...(clusterScope ? {} : { namespace }) });
        return raw && projectAnalysisTemplate(raw);
      } catch {
        return undefined;
      }
    },
    ownedReplicaSets: (rollout) => labelled.filter((set) => controllerOf(set)?.uid === rollout.metadata.uid),
    orphanedReplicaSets: () => labelled.filter((set) => controllerOf(set) === undefined),
    async service(namespace, name) {
      try {
        const raw = await client.find<RawObject>(resources.services, { namespace, name });
        return raw === undefined ? 'absent' : projectService(raw);
      } catch (error) {
        return isKubeError(error, 'Usage') ? 'absent' : 'unknown';
      }
    },
    async workload(namespace, reference) {
      if (reference.kind === 'inline') return reference;
      if (reference.kind === 'unsupported') return { kind: 'missing', message: reference.message };
      const ref = workloadKinds[reference.of];
      try {
        const raw = await client.find<RawObject>(ref, { namespace, name: reference.name });
        if (raw !== undefined) return foundWorkload(projectWorkload(raw), reference.of);
        return missingWorkload(namespace, reference.of, reference.name);
      } catch {
        return { kind: 'unknown' };
      }
    },
    async pods(namespace, selector) {
      try {
        const { items } = await client.list<RawObject>(resources.pods, {
          namespace,
          labelSelector: formatSelector(selector),
        });
        return items.map(projectPod);
      } catch {
        return undefined;
      }
    },
  };
}
