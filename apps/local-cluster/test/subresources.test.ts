import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalCluster } from '../src/cluster.ts';
import { startLocalCluster } from '../src/cluster.ts';
import type { Client } from './client.ts';
import { connect } from './client.ts';

const pods = '/api/v1/namespaces/default/pods';
const pod = (name: string, more: object = {}) => ({
  metadata: { name, labels: { app: 'x' } },
  spec: { containers: [{ name: 'main', image: 'x:1' }], ...more },
});
let cluster: LocalCluster;
let client: Client;

beforeAll(async () => {
  cluster = await startLocalCluster({ workloads: false });
  client = connect(cluster.url);
});
afterAll(async () => {
  client.close();
  await cluster.stop();
});

const setStatus = (name: string, status: object) => client.merge(`${pods}/${name}/status`, { status });

describe('a pod', () => {
  it('is bound once', async () => {
    await client.call('POST', pods, pod('bound'));
    const binding = { target: { kind: 'Node', name: 'node-1' } };
    expect((await client.call('POST', `${pods}/bound/binding`, binding)).code).toBe(201);
    expect((await client.call('GET', `${pods}/bound`)).body).toMatchObject({
      spec: { nodeName: 'node-1' },
      status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
      metadata: { generation: 1 },
    });
    expect((await client.call('POST', `${pods}/bound/binding`, binding)).code).toBe(409);
  });

  it('is evicted unless a disruption budget has nothing to spare', async () => {
    const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
    await client.call('POST', budgets, {
      metadata: { name: 'x' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } },
    });
    for (const name of ['e1', 'e2']) {
      await client.call('POST', pods, pod(name));
      await setStatus(name, { phase: 'Running' });
    }
    await client.merge(`${budgets}/x/status`, {
      status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 },
    });
    expect((await client.call('POST', `${pods}/e1/eviction`, { metadata: { name: 'e1' } })).code).toBe(201);
    expect((await client.call('GET', `${pods}/e1`)).code).toBe(404);
    const refused = await client.call('POST', `${pods}/e2/eviction`, { metadata: { name: 'e2' } });
    expect(refused).toMatchObject({
      code: 429,
      body: { reason: 'TooManyRequests', details: { causes: [{ reason: 'DisruptionBudget' }] } },
    });
  });

  it('has a log, of one container at a time', async () => {
    await client.call(
      'POST',
      pods,
      pod('two', {
        containers: [
          { name: 'a', image: 'x:1' },
          { name: 'b', image: 'x:1' },
        ],
      }),
    );
    expect((await client.call('GET', `${pods}/two/log`)).body.message).toBe(
      'a container name must be specified for pod two, choose one of: [a b]',
    );
    expect(await client.call('GET', `${pods}/two/log?container=a`)).toMatchObject({
      code: 200,
      headers: { 'content-type': 'text/plain' },
    });
  });
});

describe('a custom resource definition', () => {
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const gadgets = '/apis/example.org/v1/namespaces/default/gadgets';
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
    },
  };
  const definition = {
    metadata: { name: 'gadgets.example.org' },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { kind: 'Gadget', plural: 'gadgets' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };

  it('serves its kind at once, changes it, and takes its objects with it', async () => {
    expect((await client.call('GET', gadgets)).code).toBe(404);
    await client.call('POST', crds, definition);
    const { body } = await client.call('GET', `${crds}/gadgets.example.org`);
    expect(body.status.conditions.find((c: { type: string }) => c.type === 'Established')).toMatchObject({
      status: 'True',
    });
    await client.call('POST', gadgets, {
      apiVersion: 'example.org/v1',
      kind: 'Gadget',
      metadata: { name: 'a', finalizers: ['example.org/x'] },
      spec: { size: 1, colour: 'red' },
    });
    expect((await client.call('GET', `${gadgets}/a`)).body.spec).toEqual({ size: 1 });
    const wider = structuredClone(body);
    wider.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.colour = { type: 'string' };
    expect((await client.call('PUT', `${crds}/gadgets.example.org`, wider)).code).toBe(200);
    expect((await client.merge(`${gadgets}/a`, { spec: { colour: 'red' } })).body.spec).toEqual({
      size: 1,
      colour: 'red',
    });
    await client.call('DELETE', `${crds}/gadgets.example.org`);
    expect((await client.call('GET', `${gadgets}/a`)).body.metadata.deletionTimestamp).toBeDefined();
    await client.merge(`${gadgets}/a`, { metadata: { finalizers: null } });
    expect((await client.call('GET', `${crds}/gadgets.example.org`)).code).toBe(404);
    expect((await client.call('GET', gadgets)).code).toBe(404);
  });

  it('is refused when it is not structural', async () => {
    const broken = structuredClone(definition) as {
      spec: { versions: { schema: { openAPIV3Schema: { properties: object } } }[] };
    };
    (broken.spec.versions[0] as (typeof broken.spec.versions)[number]).schema.openAPIV3Schema.properties = {
      spec: { properties: { size: {} } },
    };
    const { code, body } = await client.call('POST', crds, broken);
    expect(code).toBe(422);
    expect(body.message).toContain(
      'spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
    );
  });
});

describe('discovery', () => {
  it('says the same in both of its forms', async () => {
    const old = (await client.call('GET', '/apis/apps/v1')).body.resources.map((r: { name: string }) => r.name);
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const { body, headers } = await client.call('GET', '/apis', undefined, { accept });
    expect(headers['content-type']).toBe(accept);
    const apps = body.items.find((g: { metadata: { name: string } }) => g.metadata.name === 'apps').versions[0]
      .resources;
    const named = apps.flatMap((r: { resource: string; subresources: { subresource: string }[] }) => [
      r.resource,
      ...r.subresources.map((s) => `${r.resource}/${s.subresource}`),
    ]);
    expect(named.toSorted()).toEqual(old.toSorted());
  });
});
