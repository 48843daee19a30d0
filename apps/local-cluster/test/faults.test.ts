import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalCluster } from '../src/cluster.ts';
import { startLocalCluster } from '../src/cluster.ts';
import type { Client } from './client.ts';
import { connect, pause } from './client.ts';

const maps = '/api/v1/namespaces/default/configmaps';
let cluster: LocalCluster;
let client: Client;

const create = (name: string) => client.call('POST', maps, { metadata: { name } });

beforeEach(async () => {
  cluster = await startLocalCluster({ workloads: false, bookmarkEveryMs: 20 });
  client = connect(cluster.url);
});
afterEach(async () => {
  client.close();
  await cluster.stop();
});

describe('a fault', () => {
  it('answers a call in place of the server, as often as asked', async () => {
    const id = cluster.faults.add({ method: 'POST', path: 'configmaps', times: 2, answer: { code: 409 } });
    expect(await create('a')).toMatchObject({ code: 409, body: { kind: 'Status', reason: 'Conflict' } });
    expect((await create('a')).code).toBe(409);
    expect((await create('a')).code).toBe(201);
    expect(cluster.faults.list()).toMatchObject([{ id, hits: 2 }]);
  });

  it('can lose the answer to a call that was carried out', async () => {
    cluster.faults.add({ method: 'POST', times: 1, perform: true, answer: { code: 504 } });
    expect((await create('a')).code).toBe(504);
    expect((await client.call('GET', `${maps}/a`)).code).toBe(200);
  });

  it('says when to come back', async () => {
    cluster.faults.add({ times: 1, answer: { code: 429, retryAfterSeconds: 3 } });
    expect((await client.call('GET', maps)).headers['retry-after']).toBe('3');
  });

  it('breaks the connection', async () => {
    cluster.faults.add({ method: 'GET', times: 1, reset: true });
    await expect(client.call('GET', maps)).rejects.toThrow();
    expect((await client.call('GET', maps)).code).toBe(200);
  });

  it('hits only its own clients', async () => {
    cluster.faults.add({ userAgent: /^sluice/, answer: { code: 500 } });
    expect((await client.call('GET', maps, undefined, { 'user-agent': 'sluice/1' })).code).toBe(500);
    expect((await client.call('GET', maps, undefined, { 'user-agent': 'kubectl/1' })).code).toBe(200);
  });

  it('drops a watch behind the next event', async () => {
    const watch = client.watch(maps);
    await watch.opened();
    cluster.faults.add({ watch: 'drop' });
    await create('a');
    await watch.until(() => watch.ended !== undefined);
    expect(watch.ended).toBe('broken');
    expect(watch.events.map((e) => e.type)).toEqual(['ADDED']);
  });

  it('drops open watches at once', async () => {
    const watch = client.watch(`${maps}?x=1`);
    const other = client.watch('/api/v1/secrets?x=1');
    await Promise.all([watch.opened(), other.opened()]);
    expect(cluster.faults.dropWatches('configmaps')).toBe(1);
    await watch.until(() => watch.ended === 'broken');
    expect(other.ended).toBeUndefined();
    other.close();
  });

  it('silences a watch, bookmarks and all', async () => {
    const watch = client.watch(`${maps}?allowWatchBookmarks=true`);
    await watch.until((e) => e.some((x) => x.type === 'BOOKMARK'));
    cluster.faults.add({ watch: 'silent' });
    const version = ({ metadata }: { metadata: { resourceVersion: string } }) => Number(metadata.resourceVersion);
    const { body } = await create('a');
    // Bookmarks come every 20 ms; what was on its way before the fault has older versions.
    await pause(100);
    expect(watch.events.filter(({ object }) => version(object) >= version(body))).toEqual([]);
    expect(watch.ended).toBeUndefined();
    watch.close();
  });

  it('makes a watch slow without changing its order', async () => {
    const watch = client.watch(maps);
    await watch.opened();
    cluster.faults.add({ watch: 'slow', delayMs: 150 });
    const before = performance.now();
    await create('a');
    await create('b');
    const events = await watch.until((e) => e.length > 0);
    expect(performance.now() - before).toBeGreaterThanOrEqual(149);
    await watch.until((e) => e.length === 2);
    expect(events.map((e) => e.object.metadata.name)).toEqual(['a', 'b']);
    watch.close();
  });

  it('expires watches, those that are open and those that begin', async () => {
    const open = client.watch(maps);
    await open.opened();
    expect(cluster.faults.expireWatches()).toBe(1);
    expect(await open.until((e) => e.length === 1)).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
    cluster.faults.add({ watch: 'expire', times: 1 });
    const next = client.watch(maps);
    expect(await next.until((e) => e.length === 1)).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
  });

  it('can be switched on from another process', async () => {
    const { body } = await client.call('POST', '/__faults', { method: 'GET', path: 'secrets', answer: { code: 503 } });
    expect((await client.call('GET', '/api/v1/secrets')).code).toBe(503);
    await client.call('DELETE', `/__faults/${body.id}`);
    expect((await client.call('GET', '/api/v1/secrets')).code).toBe(200);
    await client.call('POST', '/__faults', { latencyMs: 30 });
    const before = performance.now();
    await client.call('GET', '/api/v1/secrets');
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
  });
});

describe('a restart', () => {
  it('with data keeps objects, versions and history', async () => {
    const { body: a } = await create('a');
    const watch = client.watch(maps);
    await watch.until((e) => e.length === 1);
    await cluster.restart({ keepData: true, downMs: 50 });
    await watch.until(() => watch.ended === 'broken');
    await create('b');
    const again = client.watch(`${maps}?resourceVersion=${a.metadata.resourceVersion}`);
    expect((await again.until((e) => e.length === 1))[0].object.metadata.name).toBe('b');
    again.close();
  });

  it.each(['continue', 'restart'] as const)(
    'without data is a new cluster, in which old versions are unknown (versions %s)',
    async (versions) => {
      for (let i = 0; i < 20; i++) await create(`a${i}`);
      const { body } = await client.call('GET', maps);
      await cluster.restart({ keepData: false, versions });
      client.close();
      client = connect(cluster.url);
      const { items, metadata } = (await client.call('GET', maps)).body;
      expect(items).toEqual([]);
      expect(Number(metadata.resourceVersion) > Number(body.metadata.resourceVersion)).toBe(versions === 'continue');
      expect((await client.call('GET', '/api/v1/namespaces/default')).code).toBe(200);
      const watch = client.watch(`${maps}?resourceVersion=${body.metadata.resourceVersion}`);
      expect(await watch.until((e) => e.length === 1)).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
    },
  );
});

describe('the audit', () => {
  it('counts writes by who made them, and no reads', async () => {
    const as = { 'user-agent': 'sluice/1 (rollout-controller)', authorization: 'Bearer sut-token' };
    await client.call('POST', maps, { metadata: { name: 'a' } }, as);
    await client.call('GET', `${maps}/a`, undefined, as);
    await client.call('PUT', `${maps}/a`, { metadata: { name: 'a' }, data: { x: '1' } }, as);
    await client.call('DELETE', `${maps}/a`);
    const { body } = await client.call('GET', '/__writes');
    expect(body.counts).toEqual([
      { user: 'sut', userAgent: 'sluice/1 (rollout-controller)', verb: 'create', resource: 'configmaps', count: 1 },
      { user: 'sut', userAgent: 'sluice/1 (rollout-controller)', verb: 'update', resource: 'configmaps', count: 1 },
      { user: 'admin', userAgent: '', verb: 'delete', resource: 'configmaps', count: 1 },
    ]);
    expect(body.writes).toHaveLength(3);
    await client.call('DELETE', '/__writes');
    expect(cluster.audit.counts()).toEqual([]);
  });
});
