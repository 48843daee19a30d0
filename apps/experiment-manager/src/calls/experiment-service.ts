import { status } from '@grpc/grpc-js';
import { ExperimentServiceService } from '@sluice/contracts';
import type {
  EnsureExperimentRequest,
  EnsureExperimentResponse,
  ExperimentServiceServer,
  ObjectRef,
  TerminateExperimentRequest,
  TerminateExperimentResponse,
} from '@sluice/contracts';
import { controllerOf, isKubeError, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import type { Experiment, OwnerReference } from '@sluice/model';
import { CallError, answering } from './serve.ts';
import type { ServedService } from './serve.ts';

type Client = Pick<KubeClient, 'find' | 'create' | 'patch'>;

const ref = resources.experiments;
const ended: ReadonlySet<string | undefined> = new Set(['Successful', 'Failed', 'Error', 'Inconclusive']);

/** What other services ask for. Each call is one write with a precondition at most, so that any replica may answer. */
export function experimentService(client: Client): ServedService {
  const implementation: ExperimentServiceServer = {
    ensure: answering((request, signal) => ensure(client, request, signal)),
    terminate: answering((request, signal) => terminate(client, request, signal)),
  };
  return { definition: ExperimentServiceService, implementation };
}

/**
 * The Experiment exists from now on, under exactly its name. One that its owner has under that name already is the answer, however it has ended since: who wants
 * another one chooses another name.
 */
async function ensure(
  client: Client,
  { experimentJson, owner }: EnsureExperimentRequest,
  signal: AbortSignal,
): Promise<EnsureExperimentResponse> {
  const wanted = owned(readExperiment(experimentJson), owner);
  const { namespace = '', name } = wanted.metadata;
  const ownerUid = controllerOf(wanted)?.uid;
  try {
    const made = await client.create<Experiment>(ref, wanted, { signal });
    return { experiment: refOf(made), created: true };
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
    const existing = await client.find<Experiment>(ref, { namespace, name }, { signal });
    if (existing === undefined)
      throw new CallError('Unavailable', `Experiment ${namespace}/${name} was there and is gone: ask again`, {
        cause: error,
      });
    if (controllerOf(existing)?.uid === ownerUid && ownerUid !== undefined)
      return { experiment: refOf(existing), created: false };
    throw new CallError('Conflict', `Experiment ${namespace}/${name} exists already and belongs to somebody else`, {
      grpcStatus: status.ALREADY_EXISTS,
      cause: error,
    });
  }
}

/** Nothing to do where it is gone, has ended or is about to: then the answer is the same. */
async function terminate(
  client: Client,
  { experiment }: TerminateExperimentRequest,
  signal: AbortSignal,
): Promise<TerminateExperimentResponse> {
  const { namespace = '', name = '', uid = '' } = experiment ?? {};
  if (name === '') throw new CallError('Invalid', 'the request names no Experiment');
  const existing = await client.find<Experiment>(ref, { namespace, name }, { signal });
  if (existing === undefined || (uid !== '' && existing.metadata.uid !== uid)) return { found: false };
  const { spec, status: stored, metadata } = existing;
  if (spec.terminate === true || ended.has(stored?.phase) || metadata.deletionTimestamp) return { found: true };
  // The uid in the body is a precondition: another Experiment of that name is left alone.
  const body = { metadata: { uid: metadata.uid }, spec: { terminate: true } };
  await client.patch(ref, { namespace, name }, 'merge', body, { signal });
  return { found: true };
}

function readExperiment(json: string): Experiment {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new CallError('Invalid', `experiment_json is no JSON: ${(cause as Error).message}`, { cause });
  }
  const { kind, metadata } = (parsed ?? {}) as Partial<Experiment>;
  if (kind !== 'Experiment' || !metadata?.name || !metadata.namespace)
    throw new CallError('Invalid', 'experiment_json is no Experiment with a name and a namespace');
  return parsed as Experiment;
}

function owned(experiment: Experiment, owner: EnsureExperimentRequest['owner']): Experiment {
  if (owner === undefined || controllerOf(experiment) !== undefined) return experiment;
  const { apiVersion, kind, name, uid } = owner;
  const reference: OwnerReference = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
  return { ...experiment, metadata: { ...experiment.metadata, ownerReferences: [reference] } };
}

const refOf = ({ metadata }: Experiment): ObjectRef => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  uid: metadata.uid ?? '',
});
