import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createInformer, resources } from '../src/index.ts';
import type { Informer, InformerOptions, KubeLogger, RawObject } from '../src/index.ts';
import { createFakeCluster, kubeError } from './fake-cluster.ts';
import type { FakeCluster } from './fake-cluster.ts';

let cluster: FakeCluster;
let informer: Informer;
let errors: string[];

const note = (_fields: object, message: string): void => void errors.push(message);
const logger: KubeLogger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: note };

function watchPods(options: Partial<InformerOptions<RawObject>> = {}): Informer {
  informer = createInformer({ client: cluster.client, ref: resources.pods, logger, random: () => 0.5, ...options });
  return informer;
}

async function started(options: Partial<InformerOptions<RawObject>> = {}): Promise<Informer> {
  watchPods(options).start();
  await vi.advanceTimersByTimeAsync(0);
  return informer;
}

const names = () => informer.list().map((object) => object.metadata.name);

beforeEach(() => {
  vi.useFakeTimers();
  cluster = createFakeCluster();
  errors = [];
});
afterEach(async () => {
  const stopping = informer.stop();
  await vi.advanceTimersByTimeAsync(0);
  await stopping;
  vi.useRealTimers();
});

describe('an informer', () => {
  it('lists, then follows', async () => {
    cluster.put('a');
    await started();
    expect(informer.synced).toBe(true);
    expect(names()).toEqual(['a']);
    cluster.put('b');
    cluster.put('a', { spec: { n: 2 } });
    cluster.remove('b');
    await vi.advanceTimersByTimeAsync(0);
    expect(cluster.equals(informer.list())).toBe(true);
    expect(informer.get('team', 'a')?.['spec']).toEqual({ n: 2 });
    expect(informer.storeSize).toBe(1);
  });

  it('tells handlers of every change with what was there before', async () => {
    cluster.put('a', { spec: 1 });
    await started();
    const changes: unknown[] = [];
    informer.onChange((before, after) => void changes.push([before?.['spec'], after?.['spec']]));
    cluster.put('a', { spec: 2 });
    cluster.remove('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(changes).toEqual([
      [undefined, 1],
      [1, 2],
      [2, undefined],
    ]);
  });

  it('goes on when a handler throws, and says so', async () => {
    await started();
    const seen: unknown[] = [];
    informer.onChange(() => {
      throw new Error('bad handler');
    });
    informer.onChange((_before, after) => void seen.push(after?.metadata.name));
    cluster.put('a');
    cluster.put('b');
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual(['a', 'b']);
    expect(errors).toHaveLength(2);
  });

  it('keeps what it had of an object that cannot be projected any more, and all others', async () => {
    cluster.put('odd', { spec: 1 });
    cluster.put('good');
    const project = (raw: RawObject): RawObject => {
      if (raw['spec'] === 'odd') throw new Error('odd');
      return raw;
    };
    await started({ project });
    cluster.put('odd', { spec: 'odd' });
    cluster.put('never', { spec: 'odd' });
    cluster.compact();
    cluster.breakWatches(kubeError('Expired'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(names()).toEqual(['odd', 'good']);
    expect(informer.get('team', 'odd')?.['spec']).toBe(1);
    expect(errors[0]).toBe('an object could not be projected: the cache keeps what it had of it');
  });

  it('drops managedFields and last-applied, and hands out frozen objects', async () => {
    const object = cluster.put('a', { spec: { list: [{ x: 1 }] } });
    Object.assign(object.metadata, {
      managedFields: [1],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' },
    });
    await started();
    const cached = informer.getByKey('team/a');
    expect(cached?.metadata).not.toHaveProperty('managedFields');
    expect(cached?.metadata.annotations).toEqual({ kept: 'yes' });
    expect(() => (cached as RawObject)['spec'].list[0].x++).toThrow(TypeError);
  });

  it('finds objects by index, also after what they are indexed by has changed', async () => {
    cluster.put('a', { owner: 'x' });
    cluster.put('b', { owner: 'x' });
    await started({ indexes: { owner: (object) => [String(object['owner'])] } });
    cluster.put('b', { owner: 'y' });
    cluster.remove('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(informer.byIndex('owner', 'x')).toEqual([]);
    expect(informer.byIndex('owner', 'y').map((object) => object.metadata.name)).toEqual(['b']);
    expect(() => informer.byIndex('colour', 'red')).toThrow('no index "colour" on this informer; it has: owner');
  });

  it('watches several namespaces with one reflector each and is synced when all are', async () => {
    for (const namespace of ['one', 'two', 'other']) cluster.put('a', {}, namespace);
    cluster.faults.list.push(kubeError('Unavailable'));
    watchPods({ namespaces: ['one', 'two'] }).start();
    const synced = vi.fn();
    void informer.whenSynced().then(synced);
    await vi.advanceTimersByTimeAsync(0);
    expect(informer.synced).toBe(false);
    expect(synced).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(synced).toHaveBeenCalled();
    expect(
      informer
        .list()
        .map((object) => object.metadata.namespace)
        .sort(),
    ).toEqual(['one', 'two']);
    // A relist of one namespace must not take the other's objects away.
    cluster.remove('a', 'one');
    cluster.compact();
    cluster.breakWatches();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(informer.list().map((object) => object.metadata.namespace)).toEqual(['two']);
  });

  it('stops waiting for the first list when told to', async () => {
    cluster.faults.list.push(kubeError('Unavailable'));
    watchPods().start();
    const stopper = new AbortController();
    const waiting = informer.whenSynced(stopper.signal);
    stopper.abort(new Error('shutting down'));
    await expect(waiting).rejects.toThrow('shutting down');
  });

  it('is synced and empty while an optional kind is not installed, and fills when it comes', async () => {
    cluster.put('a');
    cluster.faults.list.push(kubeError('NotFound'));
    await started({ optional: true });
    expect([informer.synced, informer.storeSize]).toEqual([true, 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(names()).toEqual(['a']);
  });

  it('has seen a version when the object, or the stream, is past it', async () => {
    const first = cluster.put('a');
    await started();
    const second = cluster.put('a', { spec: 2 });
    expect(informer.hasSeen(first.metadata, first.metadata.resourceVersion ?? '')).toBe(true);
    expect(informer.hasSeen(second.metadata, second.metadata.resourceVersion ?? '')).toBe(false);
    cluster.remove('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(informer.hasSeen(second.metadata, second.metadata.resourceVersion ?? '')).toBe(true);
  });
});

describe('an informer in trouble', () => {
  const settle = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(60_000));

  it('tries a failed list again and again, less and less often', async () => {
    for (let count = 0; count < 6; count += 1) cluster.faults.list.push(kubeError('Network', 'Unsent'));
    cluster.put('a');
    await started();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(informer.synced).toBe(false);
    const after2s = cluster.calls.list;
    expect(after2s).toBeLessThanOrEqual(5);
    await settle();
    expect(names()).toEqual(['a']);
  });

  it('misses nothing over a broken watch, without listing again', async () => {
    cluster.put('a');
    await started();
    const { list, watch } = cluster.calls;
    cluster.breakWatches();
    cluster.remove('a');
    cluster.put('b');
    await settle();
    expect(cluster.equals(informer.list())).toBe(true);
    // One page of one object, to see that the server's history has not gone back.
    expect(cluster.calls).toMatchObject({ list: list + 1, watch: watch + 1 });
  });

  it('lists anew after 410, at the start of a watch and in its middle', async () => {
    cluster.put('a');
    await started();
    cluster.breakWatches();
    cluster.remove('a');
    cluster.put('b');
    cluster.compact();
    await settle();
    expect(names()).toEqual(['b']);
    cluster.breakWatches(kubeError('Expired'));
    cluster.put('c');
    await settle();
    expect(names()).toEqual(['b', 'c']);
  });

  it('takes a silent watch for dead once its time is over', async () => {
    await started();
    cluster.faults.silent = true;
    cluster.breakWatches();
    await vi.advanceTimersByTimeAsync(1_000);
    cluster.put('unseen');
    await vi.advanceTimersByTimeAsync(200_000);
    expect(names()).toEqual([]);
    expect(informer.lastEventAgeMs).toBeGreaterThan(190_000);
    cluster.faults.silent = false;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(names()).toEqual(['unseen']);
    expect(informer.lastEventAgeMs).toBeLessThan(120_000);
  });

  it('learns what a silent watch has kept back even when the next one is as silent', async () => {
    await started();
    cluster.faults.silent = true;
    cluster.breakWatches();
    await vi.advanceTimersByTimeAsync(1_000);
    cluster.put('kept-back');
    await vi.advanceTimersByTimeAsync(400_000);
    expect(names()).toEqual(['kept-back']);
  });

  it('watches again at once when the server ends a watch in time', async () => {
    await started();
    const watches = cluster.calls.watch;
    await vi.advanceTimersByTimeAsync(290_000);
    expect(cluster.calls.watch).toBe(watches + 1);
    cluster.put('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(names()).toEqual(['a']);
  });

  it('does not ask in a tight loop when every watch ends at once', async () => {
    await started();
    const endAll = setInterval(() => cluster.breakWatches('ended'), 1);
    await vi.advanceTimersByTimeAsync(60_000);
    clearInterval(endAll);
    expect(cluster.calls.watch).toBeLessThan(20);
  });

  it('notices a server that came back without its data', async () => {
    cluster.put('old');
    await started();
    cluster.wipe();
    cluster.put('new');
    cluster.breakWatches();
    await settle();
    expect(names()).toEqual(['new']);
  });

  it('notices a server without its data whose new versions come through the old watch', async () => {
    cluster.put('old');
    await started();
    cluster.wipe(100);
    cluster.faults.watch.push(kubeError('Network', 'Unsent'));
    cluster.breakWatches();
    cluster.put('new');
    await settle();
    expect(names()).toEqual(['new']);
  });

  it('lists anew from time to time, when a watch ends', async () => {
    cluster.put('a');
    await started({ relistMs: 600_000 });
    const lists = cluster.calls.list;
    // What no event told of: only a list can bring it.
    Object.assign(cluster.objects()[0]!, { spec: 'changed behind the stream' });
    Object.assign(cluster.objects()[0]!.metadata, { resourceVersion: '999' });
    await vi.advanceTimersByTimeAsync(900_000);
    expect(cluster.calls.list).toBeGreaterThan(lists);
    expect(informer.get('team', 'a')?.['spec']).toBe('changed behind the stream');
  });

  it('tells of nothing when a new list shows nothing new', async () => {
    cluster.put('a');
    await started();
    const changes = vi.fn();
    informer.onChange(changes);
    changes.mockClear();
    cluster.compact();
    cluster.breakWatches(kubeError('Expired'));
    await settle();
    expect(changes).not.toHaveBeenCalled();
  });

  it('stops in any state', async () => {
    cluster.faults.list.push(kubeError('Unavailable'));
    await started();
    await informer.stop();
    const { list, watch } = cluster.calls;
    await settle();
    expect(cluster.calls).toMatchObject({ list, watch });
  });

  it('ends up equal to the server after any mixture of faults', async () => {
    await started({ watchSeconds: 30, minBackoffMs: 50, maxBackoffMs: 1_000 });
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let step = 0; step < 400; step += 1) {
      const name = `p${random(8)}`;
      const chance = random(12);
      if (chance < 5) cluster.put(name, { spec: step });
      else if (chance < 7) cluster.remove(name);
      else if (chance === 7) cluster.breakWatches();
      else if (chance === 8) cluster.compact();
      else if (chance === 9) cluster.faults.list.push(kubeError('Unavailable'));
      else if (chance === 10) cluster.faults.watch.push(kubeError('Expired'));
      else cluster.faults.silent = random(2) === 0;
      await vi.advanceTimersByTimeAsync(random(3_000));
    }
    cluster.faults.silent = false;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(cluster.equals(informer.list())).toBe(true);
  });
});
