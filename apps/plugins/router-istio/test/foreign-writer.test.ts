// Who else writes is known from managedFields, which only a real API server keeps: `npm run test:kubernetes -- apps/plugins/router-istio/test/foreign-writer.test.ts`.
import path from 'node:path';
import { expect, test } from 'vitest';
import { callRouter, kubernetesCluster, serveRouter } from '@sluice/routed-objects/testing';
import { createIstioRouter, introduction } from '../src/index.ts';
import { intent as fullIntent, oneRoute, to, virtualService } from './build.ts';

const cluster = kubernetesCluster();
const definitions = path.resolve(import.meta.dirname, '../../../../tools/control-plane/routers.crds.yaml');
const ref = {
  group: 'networking.istio.io',
  version: 'v1alpha3',
  plural: 'virtualservices',
  kind: 'VirtualService',
  namespaced: true,
};

test.runIf(cluster !== undefined)('another writer is named, after Apply and by Observe', async () => {
  if (cluster === undefined) return;
  const served = await serveRouter({
    cluster,
    introduction,
    namespace: 'default',
    definitions,
    create: (client) => createIstioRouter({ client, rewrites: { atOnce: 0 } }),
  });
  const router = callRouter(served.address);
  const { config: _, ...asked } = fullIntent(oneRoute, { weight: 20 });
  try {
    const made = virtualService({
      http: [{ name: 'primary', route: [to('shop-stable', 100), to('shop-canary', 0)] }],
    });
    await served.admin.create(ref, made);
    expect((await router.observe(asked)).foreignWriter).toBe('');
    await router.apply(asked);
    const live = await served.admin.get(ref, { namespace: 'default', name: 'shop' });
    await served.admin.replace(ref, { ...live, spec: made['spec'] });
    expect(await router.observe(asked)).toMatchObject({ inSync: false, foreignWriter: 'person' });
    const { observation } = await router.apply(asked);
    expect(observation).toMatchObject({
      inSync: false,
      foreignWriter: 'person',
      detail: expect.stringContaining('"person" keeps changing back'),
    });
  } finally {
    router.close();
    await served.admin.remove(ref, { namespace: 'default', name: 'shop' });
    await served.stop();
  }
});
