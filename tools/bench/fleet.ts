// node tools/bench/fleet.ts [--cluster local|kubernetes] [--rollouts 200] [--router nginx] [--json FILE]
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runSession } from '@sluice/tools-start';
import { chosenCluster, startBenchCluster } from './src/cluster.ts';
import { chosenKind, createFleet, createNamespace, deployments, untilQuiet } from './src/fleet.ts';
import { logFolder, usageTable, writesTable } from './src/report.ts';
import { watchUsage } from './src/usage.ts';

const QUIET_MS = 3000;
/** Behind a router old pods stay for 30 s after their update, so that caches of routes can follow. */
const OLD_PODS_STAY_MS = 30_000;

await runSession(logFolder, async (session) => {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'string', default: 'local' },
      rollouts: { type: 'string', default: '200' },
      router: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const size = Number(values.rollouts);
  const kind = chosenKind(values.router);
  const cluster = await startBenchCluster(session, chosenCluster(values.cluster));
  await createNamespace(cluster.client);

  const fleet = await createFleet(cluster.client, kind, size);
  const plain = await createFleet(cluster.client, deployments, size);
  const deploymentSeconds = await plain.update('app:2');
  await untilQuiet(await cluster.countWrites(), QUIET_MS);

  const usage = watchUsage(cluster.services);
  const writes = await cluster.countWrites();
  const rolloutSeconds = await fleet.update('app:2');
  const untilHealthy = await writes();
  if (values.router) await sleep(OLD_PODS_STAY_MS);
  const count = await untilQuiet(writes, QUIET_MS);
  const used = usage();
  await Promise.all([fleet.stop(), plain.stop()]);

  console.log(
    `${size} Rollouts of 2 pods${values.router ? ` behind ${values.router}` : ''} (steps 25 %, 1 s, 50 %, 1 s) on the ${values.cluster} cluster, image of all changed at once:`,
  );
  console.log(
    `all Healthy after ${rolloutSeconds.toFixed(1)} s; ${size} plain Deployments of the same size took ${deploymentSeconds.toFixed(1)} s here`,
  );
  console.log(
    `API writes for each Rollout, Events and Leases apart: ${(untilHealthy.total / size).toFixed(2)} until all were Healthy, ${(count.total / size).toFixed(2)} with the end of their old pods`,
  );
  console.log(`\n${writesTable(count, size)}\n\n${usageTable(used)}`);
  if (values.json)
    fs.writeFileSync(
      values.json,
      `${JSON.stringify({ cluster: values.cluster, size, router: values.router, rolloutSeconds, deploymentSeconds, untilHealthy, writes: count, usage: used }, null, 2)}\n`,
    );
  return 0;
});
