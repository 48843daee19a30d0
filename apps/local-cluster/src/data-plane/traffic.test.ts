import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Split } from './record/split.ts';
import type { TrafficWorld } from './testing.ts';
import { about, canaryAnnotations, get, ingressTo, ns, send, tally, trafficWorld } from './testing.ts';

// Real sockets on a machine that others use too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let world: TrafficWorld;
const host = 'shop.example.com';

beforeEach(async () => {
  world = await trafficWorld();
});
afterEach(() => world.cluster.stop());

/** Three pods of shop:1 (hash one), two of shop:2 (hash two), a Service for each. */
async function shop(annotations: object = {}): Promise<void> {
  world.rollout('shop', {
    one: { image: 'shop:1', replicas: 3 },
    two: { image: 'shop:2', replicas: 2, annotations },
  });
  world.services('shop', 'one', 'two');
  await world.readyEndpoints('shop-stable', 3);
  await world.readyEndpoints('shop-canary', 2);
}

describe('a request is answered by a pod', () => {
  it('that says which version it is', async () => {
    await shop();
    const { status, text, headers } = await get(world.plane.url, 'shop-canary.default');
    expect(status).toBe(200);
    const [pod] = world.list('pods').filter((p) => p.metadata.name === headers['x-pod']);
    expect(JSON.parse(text)).toEqual({
      version: '2',
      image: 'shop:2',
      podTemplateHash: 'two',
      pod: pod?.metadata.name,
      namespace: ns,
    });
  });

  it('of the canary as often as the canary Ingress says', async () => {
    await shop();
    world.create('ingresses', 'shop', ingressTo('shop-stable'));
    world.create('ingresses', 'shop-canary', ingressTo('shop-canary'), canaryAnnotations(20));
    expect(await tally(100, () => get(world.plane.url, host))).toEqual({ 1: about(80), 2: about(20) });
    world.edit('ingresses', 'shop-canary', (o) => Object.assign(o.metadata, canaryAnnotations(60)));
    expect(await tally(100, () => get(world.plane.url, host))).toEqual({ 1: about(40), 2: about(60) });
  });

  it('of the subset that a VirtualService and a DestinationRule say, and of another by header', async () => {
    await shop();
    world.service('shop', { app: 'shop' });
    const subset = (name: string, weight: number) => ({ destination: { host: 'shop', subset: name }, weight });
    const labels = (hash: string) => ({ 'rollouts-pod-template-hash': hash });
    world.create('destinationrules', 'shop', {
      spec: {
        host: 'shop',
        subsets: [
          { name: 'stable', labels: labels('one') },
          { name: 'canary', labels: labels('two') },
        ],
      },
    });
    world.create('virtualservices', 'shop', {
      spec: {
        hosts: [host],
        http: [
          { name: 'by-header', match: [{ headers: { 'X-Canary': { exact: 'yes' } } }], route: [subset('canary', 100)] },
          { name: 'primary', route: [subset('stable', 90), subset('canary', 10)] },
        ],
      },
    });
    await world.readyEndpoints('shop', 5);
    expect(await tally(50, () => get(world.plane.url, host))).toEqual({ 1: about(45), 2: about(5) });
    expect(await tally(5, () => get(world.plane.url, host, { 'x-canary': 'yes' }))).toEqual({ 2: 5 });
  });

  it('of the version that an HTTPRoute says', async () => {
    await shop();
    const ref = (name: string, weight: number) => ({ name, port: 80, weight });
    world.create('httproutes', 'shop', {
      spec: { hostnames: [host], rules: [{ backendRefs: [ref('shop-stable', 70), ref('shop-canary', 30)] }] },
    });
    expect(await tally(50, () => get(world.plane.url, host))).toEqual({ 1: about(35), 2: about(15) });
  });

  it('by the kind of route that the client asks for, where several know the host', async () => {
    await shop();
    world.create('ingresses', 'shop', ingressTo('shop-stable'));
    world.create('virtualservices', 'shop', {
      spec: { hosts: [host], http: [{ route: [{ destination: { host: 'shop-canary' } }] }] },
    });
    expect(await tally(2, () => get(world.plane.url, host))).toEqual({ 1: 2 });
    const mesh = { 'x-data-plane-via': 'virtual-service' };
    expect(await tally(2, () => get(world.plane.url, host, mesh))).toEqual({ 2: 2 });
  });

  it('with a body and any method, and each pod of a Service in turn', async () => {
    await shop();
    const pods = new Set<unknown>();
    for (let i = 0; i < 3; i++) {
      const post = { method: 'POST', host: 'shop-stable.default', body: 'x'.repeat(1000) };
      pods.add((await send(world.plane.url, '/orders?x=1', post)).headers['x-pod']);
    }
    expect(pods.size).toBe(3);
  });

  it('no more, once no pod of it runs', async () => {
    await shop();
    world.scale('shop-two', 0);
    await world.readyEndpoints('shop-canary', 0);
    const { status, headers } = await get(world.plane.url, 'shop-canary.default');
    expect([status, headers['x-data-plane-failure']]).toEqual([503, 'no-ready-pods']);
  });
});

describe('a version', () => {
  const errors = async (count: number): Promise<number> => {
    let failed = 0;
    for (let i = 0; i < count; i++) failed += Number((await get(world.plane.url, 'bad.default')).status === 500);
    return failed;
  };
  const one = async (image: string, annotations: object = {}): Promise<void> => {
    world.rollout('bad', { x: { image, replicas: 1, annotations } });
    world.service('bad', { app: 'bad' });
    await world.readyEndpoints('bad', 1);
  };

  it('fails as many requests as its annotation says, which may change while it runs', async () => {
    await one('shop:1', { 'local-cluster.sluice.dev/error-rate': '0.25' });
    expect(await errors(20)).toBe(5);
    const [pod] = world.list('pods');
    world.edit(
      'pods',
      pod!.metadata.name,
      (o) => void (o.metadata.annotations = { 'local-cluster.sluice.dev/error-rate': '100%' }),
    );
    expect(await errors(5)).toBe(5);
  });

  it('fails half of its requests when its image says so', async () => {
    await one('shop:2-errors');
    expect(await errors(20)).toBe(10);
  });
});

describe('what clients got', () => {
  const ask = async (): Promise<void> => {
    await shop();
    world.create('ingresses', 'shop', ingressTo('shop-stable'));
    world.create('ingresses', 'shop-canary', ingressTo('shop-canary'), canaryAnnotations(20));
    world.edit('rollouts', 'shop', (o) => {
      o.status = { ...o.status, canary: { weights: { canary: { weight: 20 }, stable: { weight: 80 } } } };
    });
    await tally(50, () => get(world.plane.url, host));
  };

  it('is told beside what was asked for', async () => {
    await ask();
    expect(await world.status<Split>('/split?rollout=default/shop&seconds=60')).toMatchObject({
      rollout: 'default/shop',
      requests: 50,
      asked: {
        from: 'weights',
        shares: [
          { hash: 'one', percent: 80 },
          { hash: 'two', percent: 20 },
        ],
      },
      versions: [
        { version: '1', hash: 'one', role: 'stable', requests: about(40), percent: about(80), errors: 0 },
        { version: '2', hash: 'two', role: 'canary', requests: about(10), percent: about(20), errors: 0 },
      ],
      failed: 0,
      avoidable: 0,
    });
  });

  it('is counted for Prometheus, by Service, version and code', async () => {
    await ask();
    const { text } = await send(world.plane.statusUrl, '/metrics');
    const labels = (service: string, version: string, hash: string) =>
      `namespace="default",service="${service}",version="${version}",pod_template_hash="${hash}"`;
    const valueOf = (series: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(series))
          ?.split(' ')[1],
      );
    expect(valueOf(`http_requests_total{${labels('shop-stable', '1', 'one')},code="200"}`)).toEqual(about(40));
    expect(valueOf(`http_requests_total{${labels('shop-canary', '2', 'two')},code="200"}`)).toEqual(about(10));
    expect(valueOf(`http_request_duration_seconds_count{${labels('shop-canary', '2', 'two')}}`)).toEqual(about(10));
  });

  it('forgets the series of a version with its ReplicaSet', async () => {
    await ask();
    world.remove('replicasets', 'shop-two');
    await vi.waitFor(async () => {
      const { text } = await send(world.plane.statusUrl, '/metrics');
      expect(text).not.toContain('pod_template_hash="two"');
      expect(text).toContain('pod_template_hash="one"');
    });
  });

  it('is refused for a Rollout that is not there, or none at all, with what to do', async () => {
    const answers = await Promise.all(
      ['/split?rollout=default/none', '/split', '/split?rollout=a/b&seconds=x', '/entrances'].map((path) =>
        send(world.plane.statusUrl, path),
      ),
    );
    expect(answers.map(({ status, text }) => [status, (JSON.parse(text) as { message: string }).message])).toEqual([
      [404, 'there is no Rollout default/none'],
      [400, 'name a Rollout: ?rollout=NAMESPACE/NAME'],
      [400, 'seconds=x: a whole number from 1 to 300'],
      [400, 'name a Rollout: ?rollout=NAMESPACE/NAME'],
    ]);
  });

  it('does not count copies that a route mirrors to the canary', async () => {
    await shop();
    world.create('virtualservices', 'shop', {
      spec: {
        hosts: [host],
        http: [
          {
            route: [{ destination: { host: 'shop-stable' } }],
            mirror: { host: 'shop-canary' },
            mirrorPercentage: { value: 50 },
          },
        ],
      },
    });
    expect(await tally(20, () => get(world.plane.url, host))).toEqual({ 1: 20 });
    await vi.waitFor(() =>
      expect(world.plane.split('default/shop', 60)).toMatchObject({
        requests: 20,
        versions: [{ version: '1', requests: 20 }],
        mirrored: [{ version: '2', requests: about(10) }],
      }),
    );
  });
});

it('A cluster that is made anew has no routes, and the data plane goes on with what comes', async () => {
  await shop();
  await world.cluster.restart({ keepData: false });
  expect((await get(world.plane.url, 'shop-stable.default')).status).toBe(404);
});
