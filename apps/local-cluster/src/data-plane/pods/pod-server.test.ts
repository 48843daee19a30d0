import { afterEach, expect, it, vi } from 'vitest';
import type { Pod } from '../objects/shapes.ts';
import { get } from '../testing.ts';
import { versionOf } from './identity.ts';
import type { PodServer } from './pod-server.ts';
import { startPodServer } from './pod-server.ts';
import { temperOf } from './temper.ts';

const pod = (
  image: string,
  annotations: Record<string, string> = {},
  env: { name: string; value: string }[] = [],
): Pod => ({
  metadata: { name: 'shop-a', namespace: 'default', annotations },
  spec: { containers: [{ name: 'main', image, env }] },
});
const latency = 'local-cluster.sluice.dev/latency';
const errorRate = 'local-cluster.sluice.dev/error-rate';

let server: PodServer | undefined;
afterEach(() => server?.kill());

/** A server, and a promise of the moment when a request has arrived at it. */
async function serve(of: Pod): Promise<{ url: string; arrived: Promise<void> }> {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  server = await startPodServer('127.0.0.1', () => {
    resolve();
    return of;
  });
  return { url: `http://127.0.0.1:${server.port}`, arrived };
}

it('A pod that is asked to stop answers what it has, and then nothing new', async () => {
  const { url, arrived } = await serve(pod('shop:1', { [latency]: '50ms' }));
  const underWay = get(url, 'shop');
  await arrived;
  server?.stop();
  expect(await underWay).toMatchObject({ status: 200, headers: { connection: 'close' } });
  await vi.waitFor(() => expect(get(url, 'shop')).rejects.toMatchObject({ code: 'ECONNREFUSED' }), { timeout: 60_000 });
});

it('A pod that crashes answers nothing any more', async () => {
  const { url, arrived } = await serve(pod('shop:1', { [latency]: '1m' }));
  const underWay = expect(get(url, 'shop')).rejects.toMatchObject({ code: 'ECONNRESET' });
  await arrived;
  server?.kill();
  await underWay;
});

it.each([
  ['shop:2', '2'],
  ['registry.example.com:5000/team/shop:v1.2', 'v1.2'],
  ['registry.example.com:5000/team/shop', 'latest'],
  ['shop@sha256:0123456789abcdef', '0123456789ab'],
  ['shop:2@sha256:0123456789abcdef', '2'],
])('The version of %s is %s', (image, version) => {
  expect(versionOf(pod(image))).toBe(version);
});

it.each([
  ['nothing said', pod('shop:1'), { errorRate: 0, latencyMs: 0 }],
  ['the image', pod('shop:2-errors'), { errorRate: 0.5, latencyMs: 0 }],
  ['the image', pod('shop:2-slow'), { errorRate: 0, latencyMs: 300 }],
  [
    'the environment',
    pod('shop:2-errors', {}, [
      { name: 'ERROR_RATE', value: '10%' },
      { name: 'LATENCY', value: '1s' },
    ]),
    { errorRate: 0.1, latencyMs: 1000 },
  ],
  [
    'annotations',
    pod('shop:2-errors', { [errorRate]: '0', [latency]: '20ms' }, [{ name: 'ERROR_RATE', value: '1' }]),
    { errorRate: 0, latencyMs: 20 },
  ],
  [
    'an annotation that cannot be read',
    pod('shop:1', { [errorRate]: 'often', [latency]: 'soon' }),
    { errorRate: 0, latencyMs: 0 },
  ],
  ['more than all', pod('shop:1', { [errorRate]: '7' }), { errorRate: 1, latencyMs: 0 }],
])('How a pod answers is read from %s', (_from, of, wanted) => {
  expect(temperOf(of)).toEqual(wanted);
});
