import { isKubeError, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import type { AnalysisRun, ObjectMeta } from '@sluice/model';

export interface EnsuredRun {
  readonly run: AnalysisRun;
  readonly created: boolean;
}

/** Thrown when there is no name left for the run. */
export class NoFreeName extends Error {
  override readonly name = 'NoFreeName';
}

const maxSuffix = 100;

/**
 * Makes the run, or finds it: a run of exactly that name whose controller is the same is the one that was asked for, however it has ended since. A name that is
 * somebody else's is followed by `.1`, `.2`, and so on. Throws KubeError, and NoFreeName after a hundred.
 */
export async function ensureRun(client: Pick<KubeClient, 'create' | 'find'>, wanted: AnalysisRun): Promise<EnsuredRun> {
  const base = wanted.metadata.name;
  for (let suffix = 0; suffix <= maxSuffix; suffix += 1) {
    const name = suffix === 0 ? base : `${base}.${suffix}`;
    const object = { ...wanted, metadata: { ...wanted.metadata, name } };
    try {
      const run = await client.create<AnalysisRun>(resources.analysisRuns, object);
      return { run, created: true };
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
    }
    const key = { namespace: wanted.metadata.namespace ?? '', name };
    const existing = await client.find<AnalysisRun>(resources.analysisRuns, key);
    // Gone in between: the same name once more.
    if (existing === undefined) suffix -= 1;
    else if (isOfSameOwner(existing.metadata, wanted.metadata)) return { run: existing, created: false };
  }
  throw new NoFreeName(`AnalysisRun ${base}: this name and ${maxSuffix} more with a number are taken by others`);
}

function isOfSameOwner(a: ObjectMeta, b: ObjectMeta): boolean {
  const controllerOf = ({ ownerReferences = [] }: ObjectMeta): string | undefined =>
    ownerReferences.find(({ controller }) => controller === true)?.uid;
  const owner = controllerOf(a);
  return owner !== undefined && owner === controllerOf(b);
}
