import { setTimeout as delay } from 'node:timers/promises';
import {
  type Informer,
  type KubeClient,
  type KubeObject,
  type ResourceRef,
  createInformer,
  isKubeError,
  resources,
} from '@sluice/kube';
import type { AnalysisRun, Experiment, Pod, ReplicaSet, Rollout } from '@sluice/model';
import { VERSIONED, owningRollout, referencedWorkload } from './cluster.ts';
import type { Session } from './session.ts';
import type { OwnedObjects, Workload } from './view/objects.ts';

/** One Rollout or Experiment and all that belongs to it, kept up to date by watching. */
export interface LiveObjects<T extends Rollout | Experiment> {
  /** Undefined once it has been deleted. */
  subject(): T | undefined;
  owned(): OwnedObjects;
  workload(): Workload | undefined;
  /** The Rollout that an Experiment is a step of. */
  owner(): Rollout | undefined;
  /** What last went wrong while watching; undefined while all is well. */
  trouble(): unknown;
  onChange(changed: () => void): void;
  stop(): Promise<void>;
}

/**
 * Watches an object that the caller has read before, so that a wrong name or a missing permission has already been said.
 * Resolves when everything has been listed once.
 */
export async function watchSubject<T extends Rollout | Experiment>(
  client: KubeClient,
  ref: ResourceRef,
  read: T,
  signal: AbortSignal,
): Promise<LiveObjects<T>> {
  const { name } = read.metadata;
  const watchOne = <K extends KubeObject>(kind: ResourceRef, of: string) =>
    createInformer<K>({ client, ref: kind, namespaces: [client.namespace], fieldSelector: `metadata.name=${of}` });
  const watchAll = <K extends KubeObject>(kind: ResourceRef, selector = {}) =>
    createInformer<K>({ client, ref: kind, namespaces: [client.namespace], optional: true, ...selector });

  const subject = watchOne<T>(ref, name);
  const replicaSets = watchAll<ReplicaSet>(resources.replicaSets, VERSIONED);
  const pods = watchAll<Pod>(resources.pods, VERSIONED);
  const experiments = (await mayList(client, resources.experiments))
    ? watchAll<Experiment>(resources.experiments)
    : undefined;
  const analysisRuns = (await mayList(client, resources.analysisRuns))
    ? watchAll<AnalysisRun>(resources.analysisRuns)
    : undefined;
  const workload = await watchableWorkload(client, read, watchOne);
  const ownerName = owningRollout(read);
  const owner =
    ownerName !== undefined && (await mayList(client, resources.rollouts))
      ? watchOne<Rollout>(resources.rollouts, ownerName)
      : undefined;
  const informers = [subject, replicaSets, pods, experiments, analysisRuns, workload, owner].filter(
    (informer) => informer !== undefined,
  ) as Informer<KubeObject>[];

  const stop = async (): Promise<void> => void (await Promise.all(informers.map((informer) => informer.stop())));
  for (const informer of informers) informer.start();
  try {
    await Promise.all(informers.map((informer) => informer.whenSynced(signal)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    subject: () => subject.get(client.namespace, name),
    owned: () => ({
      replicaSets: replicaSets.list(),
      pods: pods.list(),
      experiments: experiments?.list() ?? [],
      analysisRuns: analysisRuns?.list() ?? [],
    }),
    workload: () => workload?.list()[0],
    owner: () => owner?.list()[0],
    trouble: () => informers.map((informer) => informer.lastError).find((error) => error !== undefined),
    onChange: (changed) => informers.forEach((informer) => informer.onChange(() => changed())),
    stop,
  };
}

async function watchableWorkload(
  client: KubeClient,
  subject: Rollout | Experiment,
  watchOne: (kind: ResourceRef, name: string) => Informer<Workload>,
): Promise<Informer<Workload> | undefined> {
  if (!('workloadRef' in subject.spec)) return undefined;
  const referenced = referencedWorkload(subject as Rollout);
  if (referenced?.key.name === undefined || !(await mayList(client, referenced.ref))) return undefined;
  return watchOne(referenced.ref, referenced.key.name);
}

// What a person may not read is left out of the view; an informer would ask for it for ever.
async function mayList(client: KubeClient, ref: ResourceRef): Promise<boolean> {
  try {
    await client.pages(ref, { namespace: client.namespace, pageSize: 1 }).next();
    return true;
  } catch (error) {
    if (isKubeError(error, 'Forbidden')) return false;
    if (isKubeError(error, 'NotFound')) return true;
    throw error;
  }
}

const AT_MOST_EVERY_MS = 200;
const AT_LEAST_EVERY_MS = 1_000;

/**
 * Calls `draw` whenever something has changed (at most five times a second) and each second, because ages go on, until it returns
 * `done`, the time is over or the person stops the program. Never throws for the latter two.
 *
 * @param timeoutMs 0 for no limit
 * @returns why it ended
 */
export async function drawWhileWatching(
  session: Session,
  onChange: (changed: () => void) => void,
  timeoutMs: number,
  draw: () => 'more' | 'done',
): Promise<'done' | 'timeout' | 'stopped'> {
  const timeout = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined;
  const end = AbortSignal.any([session.terminal.signal, ...(timeout === undefined ? [] : [timeout])]);
  let wake = (): void => undefined;
  let isChanged = false;
  onChange(() => {
    isChanged = true;
    wake();
  });
  while (!end.aborted) {
    isChanged = false;
    if (draw() === 'done') return 'done';
    await pause(AT_MOST_EVERY_MS, end);
    if (isChanged) continue;
    await Promise.race([
      new Promise<void>((resolve) => (wake = resolve)),
      pause(AT_LEAST_EVERY_MS - AT_MOST_EVERY_MS, end),
    ]);
  }
  return timeout?.aborted === true && !session.terminal.signal.aborted ? 'timeout' : 'stopped';
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}
