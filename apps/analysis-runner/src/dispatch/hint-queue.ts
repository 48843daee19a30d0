import { Queue } from 'bullmq';
import { measurementQueue } from '@sluice/contracts';
import type { MeasurementHint } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import { connectRedis, redisProblem } from '../redis.ts';
import type { RedisFiles } from '../redis.ts';
import type { Hint } from './dispatcher.ts';

export interface HintQueueOptions {
  /** `redis://HOST:PORT`, `rediss://…` */
  readonly url: string;
  readonly files?: RedisFiles | undefined;
  /** Unique for each start of a scheduler. */
  readonly scheduler: string;
  readonly logger: KubeLogger;
  /** Redis was emptied, restarted or replaced: the hints that were in it are gone. */
  readonly onForgotten: () => void;
  /** An answer of Redis that takes longer counts as none: 3 s. */
  readonly timeoutMs?: number;
  readonly watchMs?: number;
}

/** The scheduler's end of the queue. Nothing here survives anything, and nothing needs to. */
export interface HintQueue {
  /** Throws when Redis has not answered; the hints may be there all the same. */
  offer(hints: readonly Hint[]): Promise<void>;
  start(): void;
  stop(): Promise<void>;
  /** Hints of all schedulers that no worker has picked up, as of the last look; undefined while Redis does not answer. */
  readonly depth: number | undefined;
}

export function createHintQueue(options: HintQueueOptions): HintQueue {
  const { url, scheduler, logger, timeoutMs = 3_000, watchMs = 1_000 } = options;
  // What cannot be sent now fails now: hints that are old when they arrive help nobody.
  const connection = connectRedis(url, options.files, { enableOfflineQueue: false, lazyConnect: true });
  const mark = `${measurementQueue}:scheduler:${scheduler}`;
  const queue = new Queue(measurementQueue, {
    connection,
    skipWaitingForReady: true,
    // Nobody listens to what happens to single jobs.
    streams: { events: { maxLen: 100 } },
    skipVersionCheck: true,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  });
  let timer: NodeJS.Timeout | undefined;
  let depth: number | undefined;
  let marked = false;
  let isAway = false;

  const tell = (error: Error): void => {
    if (!isAway) logger.warn({ error: redisProblem(error) }, 'Redis does not answer: measuring waits for it');
    isAway = true;
    depth = undefined;
  };
  connection.on('error', tell);
  queue.on('error', tell);
  connection.on('ready', () => {
    if (isAway) logger.info({}, 'Redis answers again');
    isAway = false;
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
        depth = waiting;
        if (before === null && marked) {
          logger.warn({}, 'Redis has forgotten what was in it: everything that waits there is offered again');
          options.onForgotten();
        }
        marked = true;
      }
    } catch (error) {
      tell(error as Error);
    }
    timer = setTimeout(() => void look(), watchMs);
  }

  return {
    async offer(hints) {
      if (connection.status !== 'ready') throw new Error('Redis is not connected');
      const jobs = hints.map(({ jobId, measurements }) => {
        const data: MeasurementHint = { scheduler, measurements };
        return { name: 'measure', data, opts: { jobId } };
      });
      await within(timeoutMs, queue.addBulk(jobs));
    },
    start() {
      // The queue may have begun to connect by itself.
      if (connection.status === 'wait') void connection.connect().catch(tell);
      timer = setTimeout(() => void look(), watchMs);
    },
    async stop() {
      clearTimeout(timer);
      if (connection.status === 'ready') await within(1_000, connection.del(mark)).catch(() => undefined);
      await within(1_000, queue.close()).catch(() => undefined);
      connection.disconnect();
      clearTimeout(timer);
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
