import { Queue } from 'bullmq';
import { measurementQueue } from '@sluice/contracts';
import type { MeasurementHint } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import { connectRedis, redisProblem } from '../redis.ts';
import type { RedisPlace } from '../redis.ts';
import type { Hint } from './dispatcher.ts';

export interface HintQueueOptions {
  readonly redis: RedisPlace;
  /** Unique for each start of a scheduler. */
  readonly scheduler: string;
  readonly logger: KubeLogger;
  /** Redis was emptied, restarted or replaced, or cannot be reached: the hints that were in it are gone, or of no use. */
  readonly onForgotten: () => void;
  /** An answer of Redis that takes longer counts as none: 1 s. */
  readonly timeoutMs?: number;
  readonly watchMs?: number;
}

/** The scheduler's end of the queue. Nothing here survives anything, and nothing needs to. */
export interface HintQueue {
  /** Whether Redis answered when last asked. */
  readonly isReachable: boolean;
  /** Throws when Redis has not answered; the hints may be there all the same. */
  offer(hints: readonly Hint[]): Promise<void>;
  start(): void;
  stop(): Promise<void>;
  /** Hints of all schedulers that no worker has picked up, as of the last look; undefined while Redis does not answer. */
  readonly depth: number | undefined;
}

export function createHintQueue(options: HintQueueOptions): HintQueue {
  const { redis, scheduler, logger, timeoutMs = 1_000, watchMs = 1_000 } = options;
  // What cannot be sent now fails now: hints that are old when they arrive help nobody.
  const connection = connectRedis(redis, { enableOfflineQueue: false, lazyConnect: true });
  const mark = `${redis.prefix}:${measurementQueue}:scheduler:${scheduler}`;
  const queue = new Queue(measurementQueue, {
    connection,
    prefix: redis.prefix,
    skipWaitingForReady: true,
    // Nobody listens to what happens to single jobs.
    streams: { events: { maxLen: 100 } },
    skipVersionCheck: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  });
  let timer: NodeJS.Timeout | undefined;
  let depth: number | undefined;
  let marked = false;
  let state: 'unknown' | 'reachable' | 'away' = 'unknown';
  let stopped = false;

  const wentAway = (error: Error): void => {
    if (state !== 'away')
      logger.warn({ error: redisProblem(error) }, 'Redis does not answer: hints go to the workers directly');
    const wasReachable = state === 'reachable';
    state = 'away';
    depth = undefined;
    if (wasReachable) options.onForgotten();
  };
  const answered = (): void => {
    if (state === 'away') logger.info({}, 'Redis answers again');
    state = 'reachable';
  };
  connection.on('error', wentAway);
  connection.on('close', () => wentAway(new Error('the connection is closed')));
  queue.on('error', wentAway);
  connection.on('ready', () => {
    answered();
    void look();
  });

  /** A mark of ours that is gone says that everything else is gone as well. */
  async function look(): Promise<void> {
    clearTimeout(timer);
    try {
      if (connection.status === 'ready') {
        const [before, waiting] = await within(
          timeoutMs,
          Promise.all([connection.set(mark, '1', 'EX', 3_600, 'GET'), queue.getWaitingCount()]),
        );
        answered();
        depth = waiting;
        if (before === null && marked) {
          logger.warn({}, 'Redis lost its data; re-publishing all pending measurements');
          options.onForgotten();
        }
        marked = true;
      }
    } catch (error) {
      wentAway(error as Error);
    }
    if (!stopped) timer = setTimeout(() => void look(), watchMs);
  }

  return {
    get isReachable() {
      return state === 'reachable';
    },
    async offer(hints) {
      if (connection.status !== 'ready') throw new Error('Redis is not connected');
      const jobs = hints.map(({ jobId, measurements }) => {
        const data: MeasurementHint = { scheduler, measurements };
        return { name: 'measure', data, opts: { jobId } };
      });
      try {
        await within(timeoutMs, queue.addBulk(jobs));
      } catch (error) {
        wentAway(error as Error);
        throw error;
      }
    },
    start() {
      // The queue may have begun to connect by itself.
      if (connection.status === 'wait') void connection.connect().catch(wentAway);
      timer = setTimeout(() => void look(), watchMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      if (connection.status === 'ready') await within(1_000, connection.del(mark)).catch(() => undefined);
      await within(1_000, queue.close()).catch(() => undefined);
      connection.disconnect();
    },
    get depth() {
      return depth;
    },
  };
}

function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis has not answered for ${ms} ms`)), ms);
  });
  // Whichever loses must not be an unhandled rejection.
  answer.catch(() => undefined);
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
