import path from 'node:path';
import { expect, test } from 'vitest';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
import { callRouter, startRouterProcess } from '@sluice/routed-objects/testing';

test('the process serves, introduces itself, and ends well on SIGTERM', async () => {
  const cluster = await startLocalCluster({ workloads: false });
  try {
    const router = await startRouterProcess(path.resolve(import.meta.dirname, '../src/main.ts'), cluster);
    const calls = callRouter(router.address);
    expect(await calls.describe()).toMatchObject({ name: 'nginx', protocolVersion: 1, capabilities: [] });
    calls.close();
    expect(await router.stop()).toBe(0);
  } finally {
    await cluster.stop();
  }
});
