import { setTimeout as delay } from 'node:timers/promises';
import type { MeasurementHint, Task } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import type { PluginHost } from '@sluice/plugin-host';
import type { RedisPlace } from '../redis.ts';
import { createHints } from './hints.ts';
import { carryOut } from './measure.ts';
import type { SchedulerLink, SchedulerLinks } from './scheduler-links.ts';

export interface WorkerHooks {
  readonly onHint?: (outcome: 'taken' | 'nothing' | 'unknown scheduler' | 'failed') => void;
  readonly onRunning?: (tasks: number) => void;
}

export interface WorkerOptions {
  readonly redis: RedisPlace;
  readonly schedulers: SchedulerLinks;
  readonly plugins: Pick<PluginHost, 'metric'>;
  readonly logger: KubeLogger;
  /** Measurements at once; hints are left to other workers while there are so many: 500. */
  readonly atOnce?: number;
  readonly hooks?: WorkerHooks;
}

export interface MeasurementWorker {
  readonly name: 'worker';
  start(): void;
  /** A hint that came from its scheduler directly. Resolves when what it says has been taken; never throws. */
  hinted(hint: MeasurementHint): Promise<void>;
  /** Takes nothing more, waits for what runs for at most `graceMs` (5 s); the scheduler gives the rest to others. */
  stop(graceMs?: number): Promise<void>;
  readonly running: number;
}

/** A scheduler that has just started may offer before this worker has reached it. */
const acquaintanceMs = 2_000;

export function createWorker(options: WorkerOptions): MeasurementWorker {
  const { schedulers, plugins, logger, atOnce = 500, hooks = {} } = options;
  const stopper = new AbortController();
  const free = new Set<() => void>();
  let running = 0;

  const hints = createHints({ redis: options.redis, logger, onHint });

  async function onHint({ scheduler, measurements }: MeasurementHint): Promise<void> {
    if (running >= atOnce) await new Promise<void>((resolve) => void free.add(resolve));
    const link = schedulers.get(scheduler) ?? (await acquainted(scheduler));
    if (link === undefined) return hooks.onHint?.('unknown scheduler');
    if (stopper.signal.aborted) return;
    try {
      const tasks = await link.take(measurements);
      hooks.onHint?.(tasks.length > 0 ? 'taken' : 'nothing');
      for (const task of tasks) void run(link, task);
    } catch (error) {
      hooks.onHint?.('failed');
      logger.warn({ scheduler, error: String(error) }, 'a scheduler did not hand out what it offered');
    }
  }

  async function acquainted(scheduler: string): Promise<SchedulerLink | undefined> {
    for (let waited = 0; waited < acquaintanceMs && !stopper.signal.aborted; waited += 50) {
      await delay(50);
      const link = schedulers.get(scheduler);
      if (link !== undefined) return link;
    }
    return undefined;
  }

  async function run(link: SchedulerLink, task: Task): Promise<void> {
    running += 1;
    hooks.onRunning?.(running);
    try {
      const outcome = await carryOut(task, { plugins }, stopper.signal);
      // What stopping cut short has not been measured.
      if (!stopper.signal.aborted) link.report(outcome);
    } catch (error) {
      logger.error({ metric: task.metric, error }, 'a task could not be carried out');
    } finally {
      running -= 1;
      hooks.onRunning?.(running);
      const [next] = free;
      if (next !== undefined && running < atOnce) {
        free.delete(next);
        next();
      }
    }
  }

  return {
    name: 'worker',
    start: () => hints.start(),
    hinted: onHint,
    async stop(graceMs = 5_000) {
      free.forEach((resolve) => resolve());
      await hints.stop();
      const until = performance.now() + graceMs;
      while (running > 0 && performance.now() < until) await delay(20);
      stopper.abort(new Error('the worker stops'));
    },
    get running() {
      return running;
    },
  };
}
