// node tools/bench/taken-back.ts [--cluster local|kubernetes] [--rollouts 40] [--json FILE]
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createInformer, resources } from '@sluice/kube';
import type { Informer, KubeClient, RawObject } from '@sluice/kube';
import { applyManifests, runSession } from '@sluice/tools-start';
import { chosenCluster, startBenchCluster } from './src/cluster.ts';
import { JUDGED, judgedRollout, startTurningMetric } from './src/judged-rollouts.ts';
import { quantile } from './src/metric-server.ts';
import { logFolder, usageTable } from './src/report.ts';
import { table } from './src/table.ts';
import { watchUsage } from './src/usage.ts';

const PATIENCE_MS = 180_000;
const weightAnnotation = 'nginx.ingress.kubernetes.io/canary-weight';

await runSession(logFolder, async (session) => {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'string', default: 'local' },
      rollouts: { type: 'string', default: '40' },
      json: { type: 'string' },
    },
  });
  const names = Array.from({ length: Number(values.rollouts) }, (_none, index) => `shop-${index}`);
  const cluster = await startBenchCluster(session, chosenCluster(values.cluster));
  const { client } = cluster;
  await client.create(resources.namespaces, { metadata: { name: JUDGED } });
  const metric = await startTurningMetric();
  session.atEnd(() => metric.stop());
  const rollouts = createInformer({ client, ref: resources.rollouts, namespaces: [JUDGED] });
  const ingresses = createInformer({ client, ref: resources.ingresses, namespaces: [JUDGED] });
  for (const informer of [rollouts, ingresses]) {
    informer.start();
    await informer.whenSynced();
  }

  for (const name of names) await applyManifests(client, [...judgedRollout(name, metric.url)], JUDGED);
  await untilAll(rollouts, names, ({ phase }) => phase === 'Healthy');
  const image = { spec: { template: { spec: { containers: [{ name: 'main', image: 'app:2' }] } } } };
  for (const name of names) await client.patch(resources.rollouts, { namespace: JUDGED, name }, 'merge', image);
  await untilAll(rollouts, names, ({ phase, currentStepIndex }) => phase === 'Paused' && currentStepIndex === 1);
  // Every run is at its pace by then.
  await sleep(5_000);

  const withoutTraffic = watchWeights(ingresses);
  const usage = watchUsage(cluster.services);
  const turnedBad = performance.now();
  metric.turnBad();
  await untilAll(rollouts, names, ({ phase }) => phase === 'Degraded');
  const end = performance.now() + PATIENCE_MS;
  while (withoutTraffic.size < names.length && performance.now() < end) await sleep(50);
  const used = usage();
  const plain = await plainWrites(client, ingresses, names);
  await Promise.all([rollouts.stop(), ingresses.stop()]);

  const since = (from: (name: string) => number): number[] =>
    names.map((name) => (withoutTraffic.get(name) ?? NaN) - from(name)).sort((a, b) => a - b);
  const measured = since((name) => metric.toldBad.get(name) ?? NaN);
  const bad = since(() => turnedBad);
  const row = (what: string, all: readonly number[]) => [
    what,
    ...[0.5, 0.95, 1].map((part) => `${quantile(all, part).toFixed(0)} ms`),
  ];
  console.log(
    `${names.length} Rollouts at 50 % behind nginx, metric measured each second, bad for all at once, ${values.cluster} cluster:`,
  );
  console.log(
    table([
      ['until the canary gets no traffic', 'p50', 'p95', 'most'],
      row('from the answer of the failing measurement', measured),
      row('from when the metric turned bad', bad),
      row('(one write of each Ingress, all at once, until it is seen)', plain),
    ]),
  );
  console.log(usageTable(used));
  if (values.json) fs.writeFileSync(values.json, `${JSON.stringify({ measured, bad, plain, used }, null, 2)}\n`);
  return 0;
});

/** What this machine takes for one write of each Ingress, until the watch has brought it. */
async function plainWrites(client: KubeClient, ingresses: Informer, names: readonly string[]): Promise<number[]> {
  const seen = new Map<string, number>();
  const stop = ingresses.onChange((_before, after) => {
    if (after?.metadata.annotations?.['bench'] === 'seen') seen.set(after.metadata.name ?? '', performance.now());
  });
  const began = performance.now();
  const body = { metadata: { annotations: { bench: 'seen' } } };
  await Promise.all(names.map((name) => client.patch(resources.ingresses, { namespace: JUDGED, name }, 'merge', body)));
  for (const end = began + PATIENCE_MS; seen.size < names.length && performance.now() < end;) await sleep(20);
  stop();
  return names.map((name) => (seen.get(name) ?? NaN) - began).sort((a, b) => a - b);
}

/** By Rollout: when its canary Ingress was first seen without weight, or gone. */
function watchWeights(ingresses: Informer): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  ingresses.onChange((before, after) => {
    const { name = '', annotations } = (after ?? before)?.metadata ?? {};
    const rollout = /^(shop-\d+)-\1-canary$/.exec(name)?.[1];
    const isWithout = after === undefined || annotations?.[weightAnnotation] === '0';
    if (rollout !== undefined && isWithout && !times.has(rollout)) times.set(rollout, performance.now());
  });
  return times;
}

interface Seen {
  readonly phase?: string;
  readonly currentStepIndex?: number;
}

async function untilAll(
  informer: Informer,
  names: readonly string[],
  isThere: (status: Seen) => boolean,
): Promise<void> {
  const statusOf = (object: RawObject | undefined): Seen => (object?.['status'] ?? {}) as Seen;
  for (const end = performance.now() + PATIENCE_MS; ;) {
    const waiting = names.filter((name) => !isThere(statusOf(informer.get(JUDGED, name))));
    if (waiting.length === 0) return;
    if (performance.now() > end)
      throw new Error(
        `${waiting.length} of ${names.length} are not there after ${PATIENCE_MS / 1000} s, for example ${waiting[0]}: ${JSON.stringify(informer.get(JUDGED, waiting[0] ?? '')?.['status'])}`,
      );
    await sleep(50);
  }
}
