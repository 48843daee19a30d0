import type { Informer, KubeClient, KubeLogger, KubeObject, ReflectorTimings } from '@sluice/kube';
import { instanceIdLabel } from '@sluice/model';

export interface CacheSetOptions {
  readonly client: KubeClient;
  /** Absent or empty: all. */
  readonly namespaces?: readonly string[];
  /** Only objects with this instance id; absent or empty: only those without any. */
  readonly instanceId?: string;
  readonly logger: KubeLogger;
  /** How long watches last and how trouble with them is met; see the defaults there. */
  readonly timings?: ReflectorTimings;
  readonly onRestart?: (plural: string, why: 'list' | 'watch', error: unknown) => void;
}

/** The label selector of our share of the objects. */
export function instanceSelector(instanceId: string | undefined): string {
  return instanceId ? `${instanceIdLabel}=${instanceId}` : `!${instanceIdLabel}`;
}

/** What all informers of one service have in common. */
export function informerOptions({ client, namespaces, logger, timings, onRestart }: CacheSetOptions, plural: string) {
  return {
    client,
    namespaces: namespaces?.length ? namespaces : undefined,
    logger,
    ...timings,
    onRestart: (why: 'list' | 'watch', error: unknown) => onRestart?.(plural, why, error),
  };
}

/** All caches of one service, as one. */
export interface CacheSet {
  start(): void;
  stop(): Promise<void>;
  whenSynced(signal?: AbortSignal): Promise<void>;
  readonly synced: boolean;
  /** Age of the oldest sign of life of any watch, in milliseconds. */
  readonly lastEventAgeMs: number;
}

type Cache = Pick<Informer<KubeObject>, 'start' | 'stop' | 'whenSynced' | 'synced' | 'lastEventAgeMs'>;

export function createCacheSet(all: readonly Cache[]): CacheSet {
  return {
    start: () => all.forEach((informer) => informer.start()),
    async stop() {
      await Promise.all(all.map((informer) => informer.stop()));
    },
    async whenSynced(signal) {
      await Promise.all(all.map((informer) => informer.whenSynced(signal)));
    },
    get synced() {
      return all.every((informer) => informer.synced);
    },
    get lastEventAgeMs() {
      return Math.max(...all.map((informer) => informer.lastEventAgeMs));
    },
  };
}
