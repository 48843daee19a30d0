import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createClient, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChildren } from '../children.ts';
import { installCustomResources, routerCrds, sluiceCrds } from '../custom-resources.ts';
import { startLocalCluster } from '../local-cluster.ts';
import { startServicesOn } from '../services.ts';
import type { Session } from '../session.ts';
import { readScenario, scenarioNames } from './format.ts';
import { playScenario } from './play.ts';

const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-examples-'));
const session: Session = {
  children: createChildren({ folder: temp }),
  temp,
  signal: new AbortController().signal,
  atEnd: () => {},
};
let kubeconfig: string;
let client: KubeClient;

beforeAll(async () => {
  // npm run test:kubernetes plays them on the real control plane.
  kubeconfig = process.env['SLUICE_TEST_KUBECONFIG'] ?? (await startLocalCluster(session)).kubeconfig;
  client = await createClient({ kubeconfig, userAgent: 'sluice-start' });
  await installCustomResources(client, [sluiceCrds, routerCrds]);
  // No example needs measurements: nobody asks Redis for anything.
  await startServicesOn(session, { kubeconfig }, 'redis://127.0.0.1:1');
}, 60_000);

afterAll(async () => {
  await session.children.stop();
  client.close();
  fs.rmSync(temp, { recursive: true });
}, 30_000);

describe.concurrent('each example', () => {
  it.each(scenarioNames())('%s comes to its end', { timeout: 180_000 }, async (name) => {
    const scenario = readScenario(name);
    const namespace = `example-${name}`;
    await client.create(resources.namespaces, { metadata: { name: namespace } });
    const said: string[] = [];
    const scene = { client, namespace, rollout: scenario.rollout };
    const say = (line: string) => void said.push(line);
    await playScenario(scenario, { scene, kubeconfig, say, look: async () => {}, signal: session.signal });
    const commands = scenario.steps.filter((step) => step.do === 'command').length;
    expect(said.filter((line) => line.startsWith('$ sluice '))).toHaveLength(commands);
  });
});
