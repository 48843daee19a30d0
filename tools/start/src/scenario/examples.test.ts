import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createClient, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChildren } from '../children.ts';
import { unexpectedErrors } from '../logged-errors.ts';
import { installCustomResources, routerCrds, sluiceCrds } from '../custom-resources.ts';
import { startDataPlane, startLocalCluster } from '../local-cluster.ts';
import type { DataPlaneAddresses } from '../local-cluster.ts';
import { startPrometheus } from '../prometheus/prometheus.ts';
import { findOrStartRedis } from '../redis.ts';
import { startServicesOn } from '../services.ts';
import type { Session } from '../session.ts';
import { startClients } from '../traffic/clients.ts';
import { createExampleMetrics } from './example-metrics.ts';
import { readScenario, scenarioNames } from './format.ts';
import { playScenario } from './play.ts';

const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-examples-'));
const ending = new AbortController();
const endings: (() => Promise<void> | void)[] = [];
const session: Session = {
  children: createChildren({ folder: temp }),
  temp,
  signal: ending.signal,
  atEnd: (action) => void endings.push(action),
};
let kubeconfig: string;
let client: KubeClient;
let dataPlane: DataPlaneAddresses;

beforeAll(async () => {
  await startCluster();
  client = await createClient({ kubeconfig, userAgent: 'sluice-start' });
  await installCustomResources(client, [sluiceCrds, routerCrds]);
  const targets = [{ job: 'data-plane', url: `${dataPlane.statusUrl}/metrics` }];
  const { url } = await startPrometheus(session, { targets, say: () => {}, install: false });
  await startServicesOn(session, { kubeconfig, prometheusUrl: url }, await findOrStartRedis(session, undefined));
}, 240_000);

afterAll(async () => {
  ending.abort();
  await session.children.stop();
  for (const end of endings.reverse()) await end();
  client.close();
  fs.rmSync(temp, { recursive: true });
}, 60_000);

/** npm run test:kubernetes plays them on the real control plane. */
async function startCluster(): Promise<void> {
  const named = process.env['SLUICE_TEST_KUBECONFIG'];
  if (named === undefined) {
    const cluster = await startLocalCluster(session, { dataPlane: true });
    kubeconfig = cluster.kubeconfig;
    dataPlane = cluster.dataPlane as DataPlaneAddresses;
  } else {
    kubeconfig = named;
    dataPlane = await startDataPlane(session, named);
  }
}

/** Where something is measured, somebody has to come; until `gone`. */
function startClientsOf(rollout: string, gone: AbortSignal): void {
  const signal = AbortSignal.any([session.signal, gone]);
  const clients = startClients({ dataPlane, rollout, isOpen: () => true, seen: () => {}, signal });
  session.atEnd(() => clients.ended);
}

describe.concurrent('each example', () => {
  it.each(scenarioNames())('%s comes to its end', { timeout: 240_000 }, async (name) => {
    const scenario = readScenario(name);
    const namespace = `example-${name}`;
    await client.create(resources.namespaces, { metadata: { name: namespace } });
    const gone = new AbortController();
    if (scenario.needs.includes('prometheus')) startClientsOf(`${namespace}/${scenario.rollout}`, gone.signal);
    const said: string[] = [];
    const scene = { client, namespace, rollout: scenario.rollout };
    const say = (line: string) => void said.push(line);
    const metrics = createExampleMetrics();
    session.atEnd(() => metrics.stop());
    await playScenario(scenario, { scene, kubeconfig, say, look: async () => {}, metrics, signal: session.signal });
    gone.abort();
    const commands = scenario.steps.filter((step) => step.do === 'command').length;
    expect(said.filter((line) => line.startsWith('$ sluice '))).toHaveLength(commands);
  });
});

it('no service writes an error while the examples are played', () => {
  expect(unexpectedErrors(session.children.errors()).map(({ service, line }) => `${service}: ${line}`)).toEqual([]);
});
