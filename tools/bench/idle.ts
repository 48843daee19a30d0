// node tools/bench/idle.ts [--cluster local|kubernetes] [--rollouts 200] [--seconds 60] [--json FILE]
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runSession } from '@sluice/tools-start';
import { chosenCluster, startBenchCluster } from './src/cluster.ts';
import { createFleet, createNamespace, rollouts, untilQuiet } from './src/fleet.ts';
import { logFolder, usageTable, writesTable } from './src/report.ts';
import { watchUsage } from './src/usage.ts';

await runSession(logFolder, async (session) => {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'string', default: 'local' },
      rollouts: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
      json: { type: 'string' },
    },
  });
  const [size, seconds] = [Number(values.rollouts), Number(values.seconds)];
  const cluster = await startBenchCluster(session, chosenCluster(values.cluster));
  await createNamespace(cluster.client);
  const fleet = await createFleet(cluster.client, rollouts, size);
  await fleet.stop();
  await untilQuiet(await cluster.countWrites(), 5000);

  const usage = watchUsage(cluster.services);
  const writes = await cluster.countWrites();
  await sleep(seconds * 1000);
  const [used, count] = [usage(), await writes()];

  console.log(`${size} unchanged Rollouts on the ${values.cluster} cluster for ${seconds} s:`);
  console.log(`${count.total} writes, ${count.refused} refused, ${count.events} Events, ${count.leases} Leases`);
  if (count.total > 0) console.log(writesTable(count, size));
  for (const { name, cpuSeconds } of used)
    console.log(`${name}: ${((100 * cpuSeconds) / seconds).toFixed(2)} % of a core`);
  console.log(usageTable(used));
  if (values.json)
    fs.writeFileSync(
      values.json,
      `${JSON.stringify({ cluster: values.cluster, size, seconds, writes: count, usage: used }, null, 2)}\n`,
    );
  return 0;
});
