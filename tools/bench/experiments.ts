// node tools/bench/experiments.ts [--cluster local|kubernetes] [--experiments 100] [--json FILE]
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createInformer, resources } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
import { runSession } from '@sluice/tools-start';
import { chosenCluster, startBenchCluster } from './src/cluster.ts';
import { NAMESPACE, createNamespace, untilQuiet } from './src/fleet.ts';
import { logFolder, usageTable, writesTable } from './src/report.ts';
import { usageOf, watchUsage } from './src/usage.ts';

const QUIET_MS = 3000;
const STEADY_MS = 10_000;
const PATIENCE_MS = 300_000;

await runSession(logFolder, async (session) => {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'string', default: 'local' },
      experiments: { type: 'string', default: '100' },
      json: { type: 'string' },
    },
  });
  const size = Number(values.experiments);
  const cluster = await startBenchCluster(session, chosenCluster(values.cluster));
  await createNamespace(cluster.client);
  const manager = cluster.services.find(({ name }) => name === 'experiment-manager');
  const idleMiB = manager ? usageOf(manager.pid).rssMiB : 0;
  const usage = watchUsage(cluster.services);
  const beginning = await cluster.countWrites();

  const names = Array.from({ length: size }, (_, i) => `experiment-${i}`);
  const began = performance.now();
  await Promise.all(names.map((name) => cluster.client.create(resources.experiments, manifest(name))));
  await untilPhase(cluster.client, names, 'Running');
  const runningSeconds = (performance.now() - began) / 1000;
  const toRun = await untilQuiet(beginning, QUIET_MS);
  const steady = await written(await cluster.countWrites());
  const ending = await cluster.countWrites();

  for (const name of names)
    await cluster.client.patch(resources.experiments, { namespace: NAMESPACE, name }, 'merge', {
      spec: { terminate: true },
    });
  await untilPhase(cluster.client, names, 'Successful');
  const toEnd = await untilQuiet(ending, QUIET_MS);
  const left = await stillRunning(cluster.client);
  const used = usage();

  console.log(
    `${size} Experiments with 3 templates of 1 pod each (one behind a Service) on the ${values.cluster} cluster, all at once:`,
  );
  console.log(
    `all Running after ${runningSeconds.toFixed(1)} s; all ended as they should: ${left === 0 ? 'yes' : `${left} pods or Services left`}`,
  );
  console.log(`writes in ${STEADY_MS / 1000} s while all of them run and nothing changes: ${steady}`);
  const manageMiB = used.find(({ name }) => name === 'experiment-manager')?.rssMiB ?? 0;
  console.log(
    `memory of the experiment-manager: ${idleMiB.toFixed(0)} MiB before, ${((1024 * (manageMiB - idleMiB)) / size).toFixed(0)} KiB more for each Experiment`,
  );
  console.log(`\nuntil all run:\n${writesTable(toRun, size, 'Experiment')}`);
  console.log(`\nfrom there until all have ended:\n${writesTable(toEnd, size, 'Experiment')}\n\n${usageTable(used)}`);
  if (values.json)
    fs.writeFileSync(
      values.json,
      `${JSON.stringify({ cluster: values.cluster, size, runningSeconds, steady, left, toRun, toEnd, usage: used }, null, 2)}\n`,
    );
  return left === 0 && steady === 0 ? 0 : 1;

  async function written(counted: Awaited<ReturnType<typeof cluster.countWrites>>): Promise<number> {
    await sleep(STEADY_MS);
    const { total, refused, events } = await counted();
    return total + refused + events;
  }
});

function manifest(name: string): RawObject {
  const template = (version: string) => ({
    name: version,
    selector: { matchLabels: { app: name, version } },
    template: {
      metadata: { labels: { app: name, version } },
      spec: { containers: [{ name: 'main', image: `app:${version}`, ports: [{ containerPort: 8080 }] }] },
    },
  });
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name, namespace: NAMESPACE },
    spec: { scaleDownDelaySeconds: 0, templates: [{ ...template('a'), service: {} }, template('b'), template('c')] },
  };
}

async function untilPhase(client: KubeClient, names: readonly string[], phase: string): Promise<void> {
  const informer = createInformer({ client, ref: resources.experiments, namespaces: [NAMESPACE] });
  informer.start();
  try {
    await informer.whenSynced();
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const waiting = names.filter((name) => informer.get(NAMESPACE, name)?.['status']?.phase !== phase);
      if (waiting.length === 0) return;
      if (performance.now() > end) throw new Error(`${waiting.length} are not ${phase}, for example ${waiting[0]}`);
      await sleep(50);
    }
  } finally {
    await informer.stop();
  }
}

/** What experiments that have ended must not leave behind: pods that are asked for, and Services. */
async function stillRunning(client: KubeClient): Promise<number> {
  const sets = await client.list<RawObject>(resources.replicaSets, { namespace: NAMESPACE });
  const services = await client.list(resources.services, { namespace: NAMESPACE });
  return services.items.length + sets.items.filter((set) => set['spec'].replicas !== 0).length;
}
