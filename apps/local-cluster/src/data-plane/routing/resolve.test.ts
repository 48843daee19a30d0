import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { Destination } from './resolve.ts';
import { resolve } from './resolve.ts';
import { createRouteTable } from './table.ts';
import type { Manifest } from './testing.ts';
import { cluster, pod, request, service, slice } from './testing.ts';

const hash = (value: string) => ({ app: 'shop', 'rollouts-pod-template-hash': value });
const twoServices = [service('stable', hash('one')), service('canary', hash('two'))];
const virtualService = (...route: readonly object[]): Manifest => ({
  kind: 'VirtualService',
  metadata: { name: 'shop' },
  spec: { hosts: ['shop.example.com'], http: [{ name: 'primary', route }] },
});
const to = (host: string, weight: number, subset?: string, port?: number) => ({
  destination: { host, ...(subset ? { subset } : {}), ...(port ? { port: { number: port } } : {}) },
  weight,
});
const split = virtualService(to('stable', 80), to('canary', 20));

function ask(manifests: readonly Manifest[], draw = 0, line = 'GET shop.example.com/'): Destination {
  const objects = cluster(...manifests);
  return resolve(objects, createRouteTable(objects), request(line), draw);
}
const podsOf = (d: Destination): unknown => (d.to === 'pods' ? d.endpoints.map((e) => `${e.pod}:${e.port}`) : d);

function verdict(manifests: readonly Manifest[], draw = 0, line?: string) {
  const d = ask(manifests, draw, line);
  if (d.to !== 'nobody') throw new Error(`it was answered by ${JSON.stringify(podsOf(d))}`);
  return { reason: d.reason, ...judge(cluster(...manifests), d) };
}

const one = pod('one-a', hash('one'));
const two = pod('two-a', hash('two'), { image: 'shop:2' });

describe('a request goes to', () => {
  const up = [...twoServices, split, one, two, slice('stable', 'one-a', '!one-b'), slice('canary', 'two-a')];

  it.each([
    [0, 'one-a:8080'],
    [0.79, 'one-a:8080'],
    [0.81, 'two-a:8080'],
    [0.999, 'two-a:8080'],
  ])('the ready pods of the backend that the draw %s takes', (draw, wanted) => {
    expect(podsOf(ask(up, draw))).toEqual([wanted]);
  });

  it('the pods of a subset', () => {
    const rule = {
      kind: 'DestinationRule',
      metadata: { name: 'shop' },
      spec: { host: 'shop', subsets: [{ name: 'canary', labels: hash('two') }] },
    };
    const found = [
      service('shop'),
      virtualService(to('shop', 1, 'canary')),
      rule,
      one,
      two,
      slice('shop', 'one-a', 'two-a'),
    ];
    expect(podsOf(ask(found))).toEqual(['two-a:8080']);
  });

  it('the pods of a Service without any route', () => {
    expect(podsOf(ask(up, 0, 'GET canary.default.svc.cluster.local/'))).toEqual(['two-a:8080']);
  });

  it('nobody where no route knows the host', () => {
    expect(ask(up, 0, 'GET cart.example.com/')).toEqual({ to: 'no-route' });
  });
});

describe('a request that reaches nobody', () => {
  it('was avoidable while another version of the same application had ready pods', () => {
    const leaving = pod('two-a', hash('two'), { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(verdict([...twoServices, split, one, leaving, slice('stable', 'one-a'), slice('canary')], 0.9)).toEqual({
      reason: 'no-ready-pods',
      avoidable: true,
      otherVersions: [{ version: '1', hash: 'one', readyPods: 1 }],
      pods: { notReady: 0, terminating: 1 },
    });
  });

  it('was avoidable also through a Service whose selector alone names the version', () => {
    const found = [...twoServices, one, slice('canary'), slice('stable', 'one-a')];
    expect(verdict(found, 0, 'GET canary.default/')).toMatchObject({ avoidable: true });
  });

  it('was not while no version had any', () => {
    const unready = pod('one-a', hash('one'), { ready: false });
    expect(verdict([...twoServices, split, unready, slice('stable', '!one-a'), slice('canary')], 0.9)).toEqual({
      reason: 'no-ready-pods',
      avoidable: false,
      otherVersions: [],
      pods: { notReady: 0, terminating: 0 },
    });
  });

  it('was not when the pods elsewhere are of another application', () => {
    const cart = pod('cart', { app: 'cart' });
    expect(verdict([...twoServices, split, cart, slice('canary')], 0.9)).toMatchObject({ avoidable: false });
  });

  it('was avoidable when a subset is not there', () => {
    const found = [service('shop'), virtualService(to('shop', 1, 'canary')), one, slice('shop', 'one-a')];
    expect(verdict(found)).toMatchObject({ reason: 'no-such-subset', avoidable: true });
  });

  it('was avoidable when a Service went before its weight', () => {
    const found = [service('stable'), split, one, slice('stable', 'one-a')];
    expect(verdict(found, 0.9)).toMatchObject({ reason: 'no-such-service', avoidable: true });
  });

  it('was avoidable when nobody had any weight', () => {
    const found = [...twoServices, virtualService(to('stable', 0), to('canary', 0)), one, slice('stable', 'one-a')];
    expect(verdict(found)).toMatchObject({ reason: 'no-weight', avoidable: true });
  });

  it('was not when the route names a port that is not there', () => {
    const found = [service('stable'), virtualService(to('stable', 1, undefined, 9)), one, slice('stable', 'one-a')];
    expect(verdict(found)).toMatchObject({ reason: 'no-such-port', avoidable: false });
  });

  it('was not when it asked for the preview, which follows the preview', () => {
    const rollout = {
      kind: 'Rollout',
      metadata: { name: 'shop' },
      spec: { strategy: { blueGreen: { activeService: 'stable', previewService: 'canary' } } },
    };
    const found = [...twoServices, rollout, one, slice('stable', 'one-a'), slice('canary')];
    expect(verdict(found, 0, 'GET canary.default/')).toMatchObject({ reason: 'no-ready-pods', avoidable: false });
  });
});
