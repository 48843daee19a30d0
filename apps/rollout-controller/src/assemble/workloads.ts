import { createInformer } from '@sluice/kube';
import type { Informer, KubeClient, KubeLogger, ReflectorTimings } from '@sluice/kube';
import { projectWorkload } from './projections.ts';
import type { Workload } from './projections.ts';
import { workloadKinds } from './references.ts';
import type { WorkloadKind } from './references.ts';

export type CachedWorkload = Workload | 'absent' | 'unknown';

/** Called when a workload of this kind has changed; without a name when all of the kind have just become known. */
export type WorkloadHandler = (of: WorkloadKind, namespace: string | undefined, name: string | undefined) => void;

/** What `workloadRef`s point at. A kind is watched from the first question about it on: most clusters need none. */
export interface WorkloadCaches {
  /** `unknown` until the kind has been listed. */
  get(of: WorkloadKind, namespace: string, name: string): CachedWorkload;
  onChange(handler: WorkloadHandler): void;
  /** Of the kinds that are watched: the age of the oldest sign of life; 0 when none is. */
  readonly lastEventAgeMs: number;
  stop(): Promise<void>;
}

export interface WorkloadCacheOptions {
  readonly client: KubeClient;
  readonly namespaces?: readonly string[] | undefined;
  readonly logger: KubeLogger;
  readonly timings?: ReflectorTimings;
}

export function createWorkloadCaches({ client, namespaces, logger, timings }: WorkloadCacheOptions): WorkloadCaches {
  const informers = new Map<WorkloadKind, Informer<Workload>>();
  const handlers: WorkloadHandler[] = [];
  const stopper = new AbortController();

  function informerOf(of: WorkloadKind): Informer<Workload> {
    const existing = informers.get(of);
    if (existing !== undefined) return existing;
    const informer = createInformer<Workload>({
      client,
      ref: workloadKinds[of],
      namespaces,
      project: projectWorkload,
      logger,
      ...timings,
    });
    informers.set(of, informer);
    informer.onChange((before, after) => {
      const metadata = (after ?? before)?.metadata;
      if (informer.synced) for (const handler of handlers) handler(of, metadata?.namespace, metadata?.name);
    });
    informer.start();
    logger.info({ kind: of }, 'watching a kind that a workloadRef names');
    informer.whenSynced(stopper.signal).then(
      () => handlers.forEach((handler) => handler(of, undefined, undefined)),
      () => undefined,
    );
    return informer;
  }

  return {
    get(of, namespace, name) {
      const informer = informerOf(of);
      return informer.synced ? (informer.get(namespace, name) ?? 'absent') : 'unknown';
    },
    onChange: (handler) => void handlers.push(handler),
    get lastEventAgeMs() {
      return Math.max(0, ...[...informers.values()].filter((one) => one.synced).map((one) => one.lastEventAgeMs));
    },
    async stop() {
      stopper.abort(new Error('the caches stop'));
      await Promise.all([...informers.values()].map((informer) => informer.stop()));
    },
  };
}
