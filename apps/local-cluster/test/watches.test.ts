import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LocalCluster } from '../src/cluster.ts';
import { startLocalCluster } from '../src/cluster.ts';
import type { Json } from '../src/storage/values.ts';
import type { Client } from './client.ts';
import { connect } from './client.ts';

let cluster: LocalCluster;
let client: Client;
let count = 0;
let ns = '';
let maps = '';

const named = (events: Json[], name: string): string[] =>
  events.filter((e) => e.object.metadata?.name === name).map((e) => e.type);
const types = (events: Json[]): string[] => events.map((e) => e.type);
const create = async (name: string, labels?: object): Promise<Json> =>
  (await client.call('POST', maps, { metadata: { name, labels } })).body;

beforeAll(async () => {
  cluster = await startLocalCluster({ workloads: false, watchWindow: 50, bookmarkEveryMs: 50 });
  client = connect(cluster.url);
});
afterAll(async () => {
  client.close();
  await cluster.stop();
});
beforeEach(async () => {
  ns = `watches-${++count}`;
  maps = `/api/v1/namespaces/${ns}/configmaps`;
  await client.call('POST', '/api/v1/namespaces', { metadata: { name: ns } });
});

describe('a watch', () => {
  it('without a version begins with what is there', async () => {
    await create('a');
    const watch = client.watch(maps);
    await watch.until((e) => e.length === 1);
    await create('b');
    expect(types(await watch.until((e) => e.length === 2))).toEqual(['ADDED', 'ADDED']);
    watch.close();
  });

  it('from a version shows what happened since, in order, and goes on', async () => {
    const a = await create('a');
    await client.merge(`${maps}/a`, { data: { x: '1' } });
    await create('b');
    await client.call('DELETE', `${maps}/a`);
    const watch = client.watch(`${maps}?resourceVersion=${a.metadata.resourceVersion}`);
    await watch.until((e) => e.length === 3);
    await create('c');
    const events = await watch.until((e) => e.length === 4);
    expect(events.map((e) => [e.type, e.object.metadata.name])).toEqual([
      ['MODIFIED', 'a'],
      ['ADDED', 'b'],
      ['DELETED', 'a'],
      ['ADDED', 'c'],
    ]);
    const versions = events.map((e) => Number(e.object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((x, y) => x - y));
    watch.close();
  });

  it('from a version that is forgotten gets 410', async () => {
    const a = await create('a');
    for (let i = 0; i < 60; i++) await client.merge(`${maps}/a`, { data: { x: String(i) } });
    const watch = client.watch(`${maps}?resourceVersion=${a.metadata.resourceVersion}`);
    const [event] = await watch.until((e) => e.length === 1);
    expect(event).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    await watch.until(() => watch.ended === 'end');
  });

  it('sees an object come into and go out of its selector', async () => {
    await create('a', { tier: 'back' });
    const watch = client.watch(`${maps}?labelSelector=tier%3Dfront`);
    await client.merge(`${maps}/a`, { metadata: { labels: { tier: 'front' } } });
    await client.merge(`${maps}/a`, { data: { x: '1' } });
    await client.merge(`${maps}/a`, { metadata: { labels: { tier: 'back' } } });
    await client.merge(`${maps}/a`, { data: { x: '2' } });
    expect(types(await watch.until((e) => e.length === 3))).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    watch.close();
  });

  it('sends bookmarks that are never behind what it has sent', async () => {
    const watch = client.watch(`${maps}?allowWatchBookmarks=true`);
    const a = await create('a');
    const events = await watch.until(
      (e) =>
        types(e).includes('BOOKMARK') &&
        e.some(
          (x) =>
            x.type === 'BOOKMARK' && Number(x.object.metadata.resourceVersion) >= Number(a.metadata.resourceVersion),
        ),
    );
    expect(events[0]?.type === 'ADDED' || events[0]?.type === 'BOOKMARK').toBe(true);
    watch.close();
  });

  it('begins with all objects and a bookmark when it streams the list', async () => {
    await create('a');
    await create('b');
    const watch = client.watch(
      `${maps}?sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&resourceVersion=`,
    );
    const events = await watch.until((e) => e.length >= 3);
    expect(types(events.slice(0, 3))).toEqual(['ADDED', 'ADDED', 'BOOKMARK']);
    expect(events[2].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    watch.close();
  });

  it('ends in good order when its time is over', async () => {
    const watch = client.watch(`${maps}?timeoutSeconds=1&allowWatchBookmarks=true`);
    await watch.until(() => watch.ended === 'end');
    expect(types(watch.events).at(-1)).toBe('BOOKMARK');
  });

  it('of one version of a custom resource shows that version', async () => {
    const watch = client.watch(`${maps}?fieldSelector=metadata.name%3Db`);
    await create('a');
    await create('b');
    expect(named(await watch.until((e) => e.length === 1), 'b')).toEqual(['ADDED']);
    watch.close();
  });
});

describe('a list', () => {
  const names = (body: Json): string[] => body.items.map((o: Json) => o.metadata.name);

  it('comes in pages that all show one moment', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name);
    const first = (await client.call('GET', `${maps}?limit=2`)).body;
    expect(names(first)).toEqual(['a', 'b']);
    expect(first.metadata.remainingItemCount).toBe(3);
    await client.call('DELETE', `${maps}/c`);
    await create('bb');
    const second = (await client.call('GET', `${maps}?limit=2&continue=${first.metadata.continue}`)).body;
    expect(names(second)).toEqual(['c', 'd']);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const third = (await client.call('GET', `${maps}?limit=2&continue=${second.metadata.continue}`)).body;
    expect(names(third)).toEqual(['e']);
    expect(third.metadata.continue).toBeUndefined();
  });

  it('whose page is too old gets 410, and a token to go on with what is there now', async () => {
    for (const name of ['a', 'b', 'c']) await create(name);
    const first = (await client.call('GET', `${maps}?limit=1`)).body;
    await client.call('DELETE', `${maps}/b`);
    cluster.faults.compact();
    const old = await client.call('GET', `${maps}?limit=1&continue=${first.metadata.continue}`);
    expect(old).toMatchObject({ code: 410, body: { reason: 'Expired' } });
    const next = await client.call('GET', `${maps}?limit=5&continue=${old.body.metadata.continue}`);
    expect(names(next.body)).toEqual(['c']);
  });

  it('can show an exact version that is not forgotten', async () => {
    const a = await create('a');
    await create('b');
    await client.call('DELETE', `${maps}/a`);
    const { body } = await client.call(
      'GET',
      `${maps}?resourceVersion=${a.metadata.resourceVersion}&resourceVersionMatch=Exact`,
    );
    expect(names(body)).toEqual(['a']);
  });

  it('from the future times out', async () => {
    const { code, body } = await client.call('GET', `${maps}?resourceVersion=99999999`);
    expect(code).toBe(504);
    expect(body.details.causes[0].reason).toBe('ResourceVersionTooLarge');
  });
});
