import { Metadata, credentials } from '@grpc/grpc-js';
import { Redis } from 'ioredis';
import { MeasurementServiceClient } from '@sluice/contracts';
import type { Outcome, Task } from '@sluice/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MeasuringWorld, metric } from './measuring-world.ts';
import type { RunningScheduler } from './measuring-world.ts';

const timeout = 240_000;
let world: MeasuringWorld;

beforeAll(async () => {
  world = await MeasuringWorld.open();
}, timeout);
afterEach(() => world.tidy(), timeout);
afterAll(() => world.close(), timeout);

const endless = () => ({ metrics: [metric('m', { interval: '100ms' })] });
const counted = async (name: string): Promise<number> => (await world.run(name)).status?.metricResults?.[0]?.count ?? 0;
const goesOn = async (name: string): Promise<void> => {
  const before = await counted(name);
  await world.until(`${name} to be measured further`, async () => (await counted(name)) > before + 2);
};

describe('Redis', { timeout }, () => {
  it('may be emptied, killed and started anew: measuring goes on', async () => {
    await world.startBoth();
    await world.createRun('steady', endless());
    await goesOn('steady');
    const redis = new Redis(world.redis.url);
    await redis.flushall();
    redis.disconnect();
    await goesOn('steady');
    await world.redis.kill();
    await world.redis.restart();
    await goesOn('steady');
    const { status } = await world.run('steady');
    expect(status?.metricResults?.[0]?.error ?? 0).toBe(0);
  });

  it('may be away from the start: runs wait for a worker only', async () => {
    await world.redis.kill();
    const scheduler = await world.startScheduler();
    await world.createRun('waits', { metrics: [metric('m')] });
    await world.until('it to be looked after', () => scheduler.scheduler.size === 1);
    await world.startWorker(scheduler);
    await world.phase('waits', 'Successful');
    expect(world.provider.started).toHaveLength(1);
    await world.redis.restart();
  });

  it.each(['is gone', 'answers nothing'])(
    'may be away while much is measured: when it %s, nothing is lost and nothing is measured twice',
    async (how) => {
      const scheduler = await world.startScheduler();
      await world.startWorker(scheduler);
      await world.startWorker(scheduler);
      const names = Array.from({ length: 20 }, (_, index) => `through-${index}`);
      for (const name of names)
        await world.createRun(name, { metrics: [metric('m', { count: 30, interval: '100ms' })] });
      await goesOn('through-0');
      if (how === 'is gone') await world.redis.kill();
      else world.redis.freeze();
      await goesOn('through-0');
      await goesOn('through-19');
      if (how === 'is gone') await world.redis.restart();
      else world.redis.thaw();
      for (const name of names) {
        const { status } = await world.phase(name, 'Successful');
        expect(status?.metricResults?.[0]).toMatchObject({ count: 30, successful: 30 });
      }
      expect(world.provider.started).toHaveLength(20 * 30);
    },
  );

  it('may be shared by two installations, whose keys begin with names of their own', async () => {
    const place = (prefix: string) => ({ url: world.redis.url, prefix });
    const [blue, green] = [
      await world.startScheduler({ redis: place('blue'), namespaces: [world.namespace] }),
      await world.startScheduler({ redis: place('green'), namespaces: ['other'] }),
    ];
    await world.startWorkerWith({ redis: place('blue') }, blue);
    await world.startWorkerWith({ redis: place('green') }, green);
    await world.createRun('steady', endless());
    await goesOn('steady');
    const redis = new Redis(world.redis.url);
    const prefixes = (await redis.keys('*')).map((key) => key.split(':', 1)[0]);
    redis.disconnect();
    expect([...new Set(prefixes)].filter((prefix) => prefix !== 'sluice').sort()).toEqual(['blue', 'green']);
  });
});

describe('a worker', { timeout }, () => {
  it('is ready once it has reached a scheduler, with Redis or without, and says what is missing', async () => {
    const nowhere = world.place('redis://127.0.0.1:1');
    const alone = await world.startWorkerWith({ redis: nowhere, schedulers: () => ['127.0.0.1:1'] });
    expect(alone.ready?.['schedulers']?.()).toBe('no scheduler is reached (127.0.0.1:1): nothing is measured');
    const scheduler = await world.startScheduler({ redis: nowhere });
    const worker = await world.startWorkerWith({ redis: nowhere }, scheduler);
    await world.until('it to reach its scheduler', () => worker.ready?.['schedulers']?.() === true);
  });
});

describe('a metric whose name an argument leaves empty', { timeout }, () => {
  it('makes the run an error before anything is measured, since no status could name it', async () => {
    await world.startBoth();
    await world.createRun('nameless', { args: [{ name: 'metric', value: '' }], metrics: [metric('{{args.metric}}')] });
    const { status } = await world.phase('nameless', 'Error');
    expect(status?.message).toContain('metrics[0]: name is empty');
    expect(world.provider.started).toEqual([]);
  });
});

describe('a scheduler', { timeout }, () => {
  it('that stops stores what it knows, and the next one goes on from there', async () => {
    const first = await world.startScheduler();
    const worker = await world.startWorker(first);
    await world.createRun('handed', { metrics: [metric('m', { count: 30, interval: '100ms' })] });
    await goesOn('handed');
    await first.stop();
    await worker.stop();
    await world.startBoth();
    const { status } = await world.phase('handed', 'Successful');
    expect(status?.metricResults?.[0]).toMatchObject({ count: 30, successful: 30 });
    expect(status?.metricResults?.[0]?.error ?? 0).toBe(0);
  });

  it('shares the runs with others, and takes over those of one that goes', async () => {
    const timings = {
      leaderElect: true,
      shards: 4,
      leaseDurationMs: 6_000,
      renewDeadlineMs: 4_000,
      retryPeriodMs: 200,
    };
    const first = await world.startScheduler(timings);
    const second = await world.startScheduler(timings);
    await world.startWorker(first, second);
    for (let index = 0; index < 12; index += 1) await world.createRun(`shared-${index}`, endless());
    await world.until('both to have some', () => first.scheduler.size > 0 && second.scheduler.size > 0);
    await world.until('every run to be with one of them', () => first.scheduler.size + second.scheduler.size === 12);
    await first.stop();
    await world.until('the other to have all', () => second.scheduler.size === 12);
    for (const name of ['shared-0', 'shared-5', 'shared-11']) await goesOn(name);
  });
});

/** A worker made by hand, which does with its tasks what a test wants. */
class HandWorker {
  readonly #client: MeasurementServiceClient;
  readonly #stream;
  readonly arrived: Promise<unknown>;
  readonly name: string;

  constructor(scheduler: RunningScheduler, name: string) {
    this.name = name;
    this.#client = new MeasurementServiceClient(scheduler.address(), credentials.createInsecure());
    this.#stream = this.#client.attend({ worker: name, takesHints: false });
    this.#stream.on('error', () => undefined);
    this.arrived = new Promise((resolve) => this.#stream.once('data', resolve));
  }

  take(id: string): Promise<readonly Task[]> {
    return new Promise((resolve, reject) =>
      this.#client.take({ worker: this.name, measurements: [id] }, new Metadata(), (error, answer) =>
        error === null ? resolve(answer.tasks) : reject(error),
      ),
    );
  }
  async taken(id: string): Promise<Task> {
    let tasks: readonly Task[] = [];
    await world.until(`${id} to be handed out`, async () => (tasks = await this.take(id)).length > 0);
    return tasks[0] as Task;
  }
  report(...outcomes: readonly Outcome[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#client.report({ worker: this.name, outcomes: [...outcomes] }, new Metadata(), (error) =>
        error === null ? resolve() : reject(error),
      ),
    );
  }
  vanish(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}

const outcome = (task: Task, phase: string, value: string): Outcome => ({
  ...{ ticket: task.ticket, phase, value, message: '', metadata: {}, metricMetadata: {} },
  ...{ durationMs: 1, pollAfterMs: 0, handle: '' },
});

describe('a worker', { timeout }, () => {
  it('that goes away with a measurement loses nothing: another takes it, and what the first still says counts for nothing', async () => {
    const scheduler = await world.startScheduler();
    const run = await world.createRun('held', { metrics: [metric('m', { count: 2, interval: '100ms' })] });
    const id = `${run.metadata.uid}/m/1`;
    const lost = new HandWorker(scheduler, 'lost');
    await lost.arrived;
    const task = await lost.taken(id);
    expect(task).toMatchObject({ metric: 'm', ordinal: 1, provider: 'test/fake', runName: 'held' });
    const other = new HandWorker(scheduler, 'other');
    await other.arrived;
    expect(await other.take(id)).toEqual([]);
    lost.vanish();
    const again = await other.taken(id);
    expect(again.ticket).not.toBe(task.ticket);
    await other.report(outcome(task, 'Failed', 'of the first'));
    await other.report(outcome(again, 'Successful', 'of the second'), outcome(again, 'Failed', 'once more'));
    await other.report(outcome(again, 'Failed', 'and again'));
    const next = await other.taken(`${run.metadata.uid}/m/2`);
    await other.report(outcome(next, 'Successful', 'last'));
    const { status } = await world.phase('held', 'Successful');
    const values = status?.metricResults?.[0]?.measurements?.map(({ value }) => value);
    expect(values).toEqual(['of the second', 'last']);
    other.vanish();
  });

  it('that nobody knows, or that reports nonsense, changes nothing but its own measurement', async () => {
    const scheduler = await world.startScheduler();
    const run = await world.createRun('odd', { metrics: [metric('m', { consecutiveErrorLimit: 0 })] });
    const id = `${run.metadata.uid}/m/1`;
    const hand = new HandWorker(scheduler, 'hand');
    await hand.arrived;
    const task = await hand.taken(id);
    await hand.report(outcome({ ...task, ticket: 1 }, 'Successful', 'no ticket of this scheduler'));
    await hand.report(outcome(task, 'Splendid', 'x'));
    const { status } = await world.phase('odd', 'Error');
    expect(status?.metricResults?.[0]?.measurements?.[0]?.message).toContain('"Splendid"');
    hand.vanish();
  });
});

describe('a provider', { timeout }, () => {
  it('that hangs holds up its own measurements only', async () => {
    world.provider.answers.set('hangs', () => new Promise(() => undefined));
    await world.startBoth({ limits: { perTarget: 20, perNamespace: 10 } });
    for (let index = 0; index < 15; index += 1)
      await world.createRun(`stuck-${index}`, { metrics: [metric('m', {}, 'hangs')] });
    await world.until('them to hang', () => world.provider.started.length >= 10);
    await world.createRun('free', { metrics: [metric('m', { count: 3, interval: '100ms' })] }, 'other');
    await world.phase('free', 'Successful', 'other');
  });

  it('that is not there makes measurements errors, never verdicts', async () => {
    await world.startBoth();
    const provider = { plugin: { 'nobody/nothing': {} } };
    await world.createRun('unplugged', { metrics: [{ name: 'm', consecutiveErrorLimit: 0, provider } as never] });
    const { status } = await world.phase('unplugged', 'Error');
    expect(status?.message).toContain('there is no metric plugin nobody/nothing');
  });
});
