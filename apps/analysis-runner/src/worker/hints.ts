import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { measurementQueue, readMeasurementHint } from '@sluice/contracts';
import type { MeasurementHint } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import { connectRedis, redisProblem } from '../redis.ts';
import type { RedisPlace } from '../redis.ts';

export interface HintsOptions {
  readonly redis: RedisPlace;
  readonly logger: KubeLogger;
  /** Resolves when what the hint says has been taken; must not throw. */
  readonly onHint: (hint: MeasurementHint) => Promise<void>;
  /** Hints read at once: 8. */
  readonly atOnce?: number;
}

/** The worker's end of the queue: every hint is read once as a rule, and what is lost or comes twice is the scheduler's business. */
export interface Hints {
  readonly name: 'hints';
  start(): void;
  stop(): Promise<void>;
}

export function createHints({ redis, logger, onHint, atOnce = 8 }: HintsOptions): Hints {
  let connection: Redis | undefined;
  let worker: Worker | undefined;
  let isAway = false;
  const tell = (error: Error): void => {
    if (!isAway)
      logger.warn({ error: redisProblem(error) }, 'Redis does not answer: hints come from the schedulers directly');
    isAway = true;
  };
  return {
    name: 'hints',
    start() {
      connection = connectRedis(redis);
      connection.on('error', tell);
      connection.on('ready', () => {
        if (isAway) logger.info({}, 'Redis answers again');
        isAway = false;
      });
      worker = new Worker(
        measurementQueue,
        async ({ data }) => {
          const hint = readMeasurementHint(data);
          if (hint !== undefined) await onHint(hint);
        },
        {
          connection,
          prefix: redis.prefix,
          concurrency: atOnce,
          removeOnComplete: { count: 0 },
          removeOnFail: { count: 0 },
          skipVersionCheck: true,
          drainDelay: 2,
        },
      );
      worker.on('error', tell);
    },
    async stop() {
      // Waits for the hints that are being read, not for the blocking call.
      await Promise.race([worker?.close(), new Promise((resolve) => setTimeout(resolve, 3_000).unref())]);
      connection?.disconnect();
    },
  };
}
