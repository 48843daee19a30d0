import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeError, resources } from '../src/index.ts';
import type { KubeClient, RawObject } from '../src/index.ts';
import { drop, failure, json, silence, startFakeApi, stream } from './fake-api.ts';
import type { FakeApi } from './fake-api.ts';

let api: FakeApi;
let client: KubeClient;
const key = { namespace: 'team', name: 'web' };

beforeEach(async () => {
  api = await startFakeApi();
  client = await api.client({ userAgent: 'tester/1' });
});
afterEach(() => api.close());

async function errorOf(promise: Promise<unknown>): Promise<KubeError> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof KubeError) return error;
  throw new Error(`expected a KubeError, got ${String(error)}`);
}

const last = () => api.requests.at(-1);

describe('calls', () => {
  it('address core, group and cluster-wide kinds, with authentication and user agent', async () => {
    await client.get(resources.pods, key);
    expect(last()).toMatchObject({ method: 'GET', path: '/api/v1/namespaces/team/pods/web' });
    expect(last()?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'user-agent': 'tester/1',
      accept: 'application/json',
    });
    await client.get(resources.replicaSets, key, { subresource: 'scale' });
    expect(last()?.path).toBe('/apis/apps/v1/namespaces/team/replicasets/web/scale');
    await client.get(resources.clusterAnalysisTemplates, { name: 'errors' });
    expect(last()?.path).toBe('/apis/argoproj.io/v1alpha1/clusteranalysistemplates/errors');
  });

  it('send the content type of each kind of patch, with field manager, dry run and force', async () => {
    const types = {
      merge: 'application/merge-patch+json',
      json: 'application/json-patch+json',
      strategic: 'application/strategic-merge-patch+json',
      apply: 'application/apply-patch+yaml',
    } as const;
    for (const type of ['merge', 'json', 'strategic', 'apply'] as const) {
      await client.patch(resources.rollouts, key, type, type === 'json' ? [] : {}, { subresource: 'status' });
      expect(last()?.headers['content-type']).toBe(types[type]);
      expect(last()?.query.get('fieldManager')).toBe('tester');
    }
    await client.patch(resources.rollouts, key, 'apply', {}, { force: true, dryRun: true, fieldManager: 'me' });
    expect(Object.fromEntries(last()?.query ?? [])).toEqual({ force: 'true', dryRun: 'All', fieldManager: 'me' });
  });

  it('carry a resourceVersion precondition in every kind of patch and in deletes', async () => {
    await client.patch(
      resources.rollouts,
      key,
      'merge',
      { metadata: { labels: { a: 'b' } } },
      { resourceVersion: '7' },
    );
    expect(last()?.body).toEqual({ metadata: { labels: { a: 'b' }, resourceVersion: '7' } });
    await client.patch(resources.rollouts, key, 'json', [{ op: 'remove', path: '/x' }], { resourceVersion: '7' });
    expect(last()?.body).toEqual([
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
      { op: 'remove', path: '/x' },
    ]);
    await client.remove(resources.replicaSets, key, {
      uid: 'u',
      resourceVersion: '7',
      propagationPolicy: 'Background',
    });
    expect(last()?.body).toEqual({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      preconditions: { uid: 'u', resourceVersion: '7' },
    });
  });

  it('create with kind and apiVersion filled in and the object as it is otherwise', async () => {
    const metadata = { name: 'crd' };
    await client.create<RawObject>(
      resources.customResourceDefinitions,
      { metadata, spec: { 'x-kubernetes-int-or-string': true } },
      { dryRun: true },
    );
    expect(last()).toMatchObject({
      method: 'POST',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      body: {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        spec: { 'x-kubernetes-int-or-string': true },
      },
    });
    expect(last()?.query.get('dryRun')).toBe('All');
  });

  it('refuse a namespaced object without namespace or name before anything is sent', async () => {
    expect((await errorOf(client.get(resources.pods, { name: 'web' }))).code).toBe('Usage');
    expect((await errorOf(client.get(resources.pods, { namespace: 'team' }))).code).toBe('Usage');
    for (const name of ['.', '..', '../web', 'a%2fb'])
      expect((await errorOf(client.get(resources.pods, { namespace: 'team', name }))).code).toBe('Usage');
    expect(api.requests).toHaveLength(0);
  });

  it('find nothing where get would fail with NotFound, and fail with everything else', async () => {
    api.script(failure(404, 'NotFound', 'no'), failure(403, 'Forbidden', 'not you'));
    expect(await client.find(resources.pods, key)).toBeUndefined();
    expect((await errorOf(client.find(resources.pods, key))).code).toBe('Forbidden');
  });

  it('share one connection', async () => {
    for (let count = 0; count < 5; count += 1) await client.get(resources.pods, key);
    expect(api.connections).toBe(1);
  });
});

describe('lists', () => {
  const page = (names: readonly string[], next?: string) =>
    json(200, {
      metadata: { resourceVersion: '50', ...(next === undefined ? {} : { continue: next }) },
      items: names.map((name) => ({ metadata: { name } })),
    });

  it('come through all pages over one snapshot, with kind and apiVersion put back', async () => {
    api.script(page(['a', 'b'], 'next'), page(['c']));
    const { items, resourceVersion } = await client.list(resources.pods, {
      namespace: 'team',
      labelSelector: 'app=web',
      pageSize: 2,
      resourceVersion: '0',
    });
    expect(items.map((item) => [item.kind, item.apiVersion, item.metadata.name])).toEqual([
      ['Pod', 'v1', 'a'],
      ['Pod', 'v1', 'b'],
      ['Pod', 'v1', 'c'],
    ]);
    expect(resourceVersion).toBe('50');
    expect(api.requests.map((request) => Object.fromEntries(request.query))).toEqual([
      { labelSelector: 'app=web', limit: '2', resourceVersion: '0' },
      { labelSelector: 'app=web', limit: '2', continue: 'next' },
    ]);
  });

  it('say Expired when the snapshot goes away between two pages', async () => {
    api.script(page(['a'], 'next'), failure(410, 'Expired', 'The provided continue parameter is too old'));
    expect((await errorOf(client.list(resources.pods))).code).toBe('Expired');
  });

  it('refuse an answer that is no list', async () => {
    api.script(json(200, { kind: 'Pod' }));
    expect((await errorOf(client.list(resources.pods))).code).toBe('Protocol');
  });
});

describe('errors', () => {
  it.each([
    [404, 'NotFound', 'NotFound'],
    [409, 'AlreadyExists', 'AlreadyExists'],
    [409, 'Conflict', 'Conflict'],
    [410, 'Gone', 'Expired'],
    [422, 'Invalid', 'Invalid'],
    [400, 'BadRequest', 'Invalid'],
    [401, 'Unauthorized', 'Unauthorized'],
    [403, 'Forbidden', 'Forbidden'],
    [405, 'MethodNotAllowed', 'MethodNotAllowed'],
    [413, 'RequestEntityTooLarge', 'TooLarge'],
    [500, 'InternalError', 'Unavailable'],
    [504, 'Timeout', 'Unavailable'],
  ])('of status %i %s have the code %s', async (status, reason, code) => {
    api.script(failure(status, reason, 'because'));
    const error = await errorOf(client.create(resources.pods, { metadata: key }));
    expect(error).toMatchObject({
      code,
      status,
      reason,
      serverMessage: 'because',
      message: 'POST /api/v1/namespaces/team/pods: because',
    });
    expect(error.retryable).toBe(code === 'Unavailable');
  });

  it('carry the fields that an invalid object got wrong', async () => {
    const causes = [{ reason: 'FieldValueInvalid', message: 'Invalid value: -1', field: 'spec.replicas' }];
    api.script(json(422, { kind: 'Status', reason: 'Invalid', message: 'bad', details: { name: 'web', causes } }));
    expect((await errorOf(client.create(resources.pods, { metadata: key }))).details?.causes).toEqual(causes);
  });

  it('keep the text of a proxy that answers without JSON', async () => {
    api.script((_request, response) => void response.writeHead(502).end('bad gateway\n'));
    expect(await errorOf(client.get(resources.pods, key))).toMatchObject({
      code: 'Unavailable',
      serverMessage: 'bad gateway',
    });
  });
});

describe('repeating', () => {
  it('waits as long as a throttling server says, for any verb', async () => {
    api.script(failure(429, 'TooManyRequests', 'slow down', { 'retry-after': '0' }), json(201, { ok: true }));
    expect(await client.create(resources.pods, { metadata: key })).toEqual({ ok: true });
    expect(api.requests).toHaveLength(2);
  });

  it('gives up at once when the wait would go past the deadline', async () => {
    api.script(failure(429, 'TooManyRequests', 'slow down', { 'retry-after': '60' }));
    const error = await errorOf(client.get(resources.pods, key, { timeoutMs: 5_000 }));
    expect(error).toMatchObject({ code: 'TooManyRequests', retryAfterMs: 60_000, retryable: true });
    expect(api.requests).toHaveLength(1);
  });

  it('repeats what is harmless after a lost connection', async () => {
    for (const call of [
      () => client.get(resources.pods, key),
      () => client.replace(resources.pods, { metadata: key }),
      () => client.patch(resources.pods, key, 'merge', {}),
      () => client.remove(resources.pods, key),
    ]) {
      api.script(drop, json(200, {}));
      await call();
    }
    expect(api.requests).toHaveLength(8);
  });

  it('never repeats a create or a JSON patch that may have been executed', async () => {
    api.script(drop);
    expect(await errorOf(client.create(resources.pods, { metadata: key }))).toMatchObject({
      code: 'Network',
      retryable: true,
    });
    expect((await errorOf(client.patch(resources.pods, key, 'json', []))).code).toBe('Network');
    expect(api.requests).toHaveLength(2);
  });

  it('says Network when nobody listens', async () => {
    const gone = await startFakeApi();
    const orphan = await gone.client();
    await gone.close();
    expect(await errorOf(orphan.create(resources.pods, { metadata: key }))).toMatchObject({
      code: 'Network',
      reason: 'Unsent',
    });
  });
});

describe('deadlines', () => {
  it('end a call that is not answered, and one whose answer stops half-way', async () => {
    api.script(silence);
    expect((await errorOf(client.get(resources.pods, key, { timeoutMs: 30 }))).code).toBe('Timeout');
    api.script(
      (_request, response) =>
        void response.writeHead(200, { 'content-length': '9', 'content-type': 'application/json' }).write('{'),
    );
    expect((await errorOf(client.get(resources.pods, key, { timeoutMs: 30 }))).code).toBe('Timeout');
  });

  it("give way to the caller's signal, before and during the call", async () => {
    expect((await errorOf(client.get(resources.pods, key, { signal: AbortSignal.abort() }))).code).toBe('Aborted');
    expect(api.requests).toHaveLength(0);
    const stopper = new AbortController();
    api.script(() => stopper.abort());
    expect(await errorOf(client.get(resources.pods, key, { signal: stopper.signal }))).toMatchObject({
      code: 'Aborted',
      retryable: false,
    });
  });
});

describe('watches', () => {
  const event = (type: string, name: string) => ({ type, object: { metadata: { name, resourceVersion: '5' } } });

  async function collect(options: Parameters<KubeClient['watch']>[1] = {}): Promise<string[]> {
    const seen: string[] = [];
    for await (const { type, object } of client.watch(resources.pods, options))
      seen.push(`${type} ${object.metadata.name ?? ''}`);
    return seen;
  }

  it('bring events over any cut of the stream until the server ends it', async () => {
    const text = JSON.stringify(event('ADDED', 'später'));
    api.script(
      stream([
        text.slice(0, 20),
        text.slice(20),
        '\n\n',
        event('MODIFIED', 'b'),
        { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
      ]),
    );
    expect(await collect({ namespace: 'team', resourceVersion: '3', labelSelector: 'a=b' })).toEqual([
      'ADDED später',
      'MODIFIED b',
      'BOOKMARK ',
    ]);
    expect(Object.fromEntries(last()?.query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '290',
      labelSelector: 'a=b',
      resourceVersion: '3',
    });
  });

  it('throw what the server says in the stream', async () => {
    api.script(
      stream([
        event('ADDED', 'a'),
        { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } },
      ]),
    );
    expect((await errorOf(collect())).code).toBe('Expired');
  });

  it('throw Network when the connection breaks and Timeout when it goes silent', async () => {
    api.script(stream([event('ADDED', 'a')], 'break'));
    expect((await errorOf(collect())).code).toBe('Network');
    api.script(stream([event('ADDED', 'a')], 'stay'));
    expect((await errorOf(collect({ idleTimeoutMs: 30 }))).code).toBe('Timeout');
  });

  it('end with the signal', async () => {
    const stopper = new AbortController();
    api.script(stream([event('ADDED', 'a')], 'stay'));
    const error = await errorOf(
      (async () => {
        for await (const _event of client.watch(resources.pods, { signal: stopper.signal })) stopper.abort();
      })(),
    );
    expect(error.code).toBe('Aborted');
  });

  it('refuse lines that are not events', async () => {
    api.script(stream(['<html>\n']));
    expect((await errorOf(collect())).code).toBe('Protocol');
    api.script(stream([{ type: 'NEWS', object: {} }]));
    expect((await errorOf(collect())).code).toBe('Protocol');
  });
});

describe('observing calls', () => {
  it('reports each with its code and attempts', async () => {
    const seen: unknown[] = [];
    const observed = await api.client({
      onCall: ({ method, code, attempts }) => void seen.push([method, code, attempts]),
    });
    api.script(drop, json(200, {}), failure(404, 'NotFound', 'no'), silence);
    await observed.get(resources.pods, key);
    await observed.find(resources.pods, key);
    await errorOf(observed.get(resources.pods, key, { timeoutMs: 20 }));
    expect(seen).toEqual([
      ['GET', 200, 2],
      ['GET', 404, 1],
      ['GET', 'Timeout', 1],
    ]);
  });
});
