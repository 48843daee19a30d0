// node tools/bench/idle.ts [--cluster local|kubernetes] [--rollouts 200] [--router nginx] [--seconds 60] [--json FILE]
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runSession } from '@sluice/tools-start';
import { chosenCluster, startBenchCluster } from './src/cluster.ts';
import { chosenKind, createFleet, createNamespace, untilQuiet } from './src/fleet.ts';
import { logFolder, usageTable, writesTable } from './src/report.ts';
import { watchRouterCalls } from './src/router-calls.ts';
import { watchUsage } from './src/usage.ts';

await runSession(logFolder, async (session) => {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'string', default: 'local' },
      rollouts: { type: 'string', default: '200' },
      router: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      json: { type: 'string' },
    },
  });
  const [size, seconds] = [Number(values.rollouts), Number(values.seconds)];
  const kind = chosenKind(values.router);
  const cluster = await startBenchCluster(session, chosenCluster(values.cluster));
  await createNamespace(cluster.client);
  const fleet = await createFleet(cluster.client, kind, size);
  await fleet.stop();
  await untilQuiet(await cluster.countWrites(), 5000);

  const usage = watchUsage(cluster.services);
  const writes = await cluster.countWrites();
  const routerCalls = await watchRouterCalls(cluster.services);
  await sleep(seconds * 1000);
  const [used, count, calls] = [usage(), await writes(), await routerCalls()];

  console.log(
    `${size} unchanged Rollouts${values.router ? ` behind ${values.router}` : ''} on the ${values.cluster} cluster for ${seconds} s:`,
  );
  console.log(`${count.total} writes, ${count.refused} refused, ${count.events} Events, ${count.leases} Leases`);
  if (count.total > 0) console.log(writesTable(count, size));
  if (values.router)
    console.log(`the router was told ${calls.Apply} times (Apply), looked at ${calls.Observe} times (Observe)`);
  for (const { name, cpuSeconds } of used)
    console.log(`${name}: ${((100 * cpuSeconds) / seconds).toFixed(2)} % of a core`);
  console.log(usageTable(used));
  if (values.json)
    fs.writeFileSync(
      values.json,
      `${JSON.stringify({ cluster: values.cluster, size, router: values.router, seconds, writes: count, routerCalls: calls, usage: used }, null, 2)}\n`,
    );
  return 0;
});
