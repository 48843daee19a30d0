// node tools/bench/shards.ts [--cluster local|kubernetes] [--rollouts 200] [--shards 16] [--json FILE]
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { resources } from '@sluice/kube';
import { Failure, runSession, services } from '@sluice/tools-start';
import type { Service } from '@sluice/tools-start';
import { chosenCluster, startBenchCluster } from './src/cluster.ts';
import { createFleet, createNamespace, rollouts, untilQuiet } from './src/fleet.ts';
import { watchHandOvers } from './src/hand-over.ts';
import type { HandOvers } from './src/hand-over.ts';
import { logFolder } from './src/report.ts';
import { table } from './src/table.ts';
import { watchUsage } from './src/usage.ts';

const QUIET_MS = 3_000;
const PATIENCE_MS = 120_000;
const SYSTEM_NAMESPACE = 'sluice-system';

await runSession(logFolder, async (session) => {
  const { values } = parseArgs({
    options: {
      cluster: { type: 'string', default: 'local' },
      rollouts: { type: 'string', default: '200' },
      shards: { type: 'string', default: '16' },
      json: { type: 'string' },
    },
  });
  const size = Number(values.rollouts);
  const shards = Number(values.shards);
  const cluster = await startBenchCluster(session, chosenCluster(values.cluster), {
    services: [replica(1, shards)],
    plugins: [],
  });
  const handOvers = await watchHandOvers(cluster.client, await systemNamespaceIn(), 'rollout-controller');
  session.atEnd(() => handOvers.stop());
  await untilShared(handOvers, 1, shards);
  await createNamespace(cluster.client);
  const fleet = await createFleet(cluster.client, rollouts, size);
  const running = [...cluster.services];
  const rows: {
    replicas: number;
    seconds: number;
    writes: number;
    cpuSeconds: readonly number[];
    gapsMs: readonly number[];
  }[] = [];

  for (const replicas of [1, 2, 4]) {
    const gapsMs: number[] = [];
    while (running.length < replicas) {
      running.push(await cluster.startMore(replica(running.length + 1, shards)));
      await untilShared(handOvers, running.length, shards);
      gapsMs.push(...handOvers.gaps());
    }
    await untilQuiet(await cluster.countWrites(), QUIET_MS);
    const usage = watchUsage(running);
    const count = await cluster.countWrites();
    const seconds = await fleet.update(`app:${replicas + 1}`);
    const { total, leases } = await untilQuiet(count, QUIET_MS);
    rows.push({ replicas, seconds, writes: total, cpuSeconds: usage().map(({ cpuSeconds }) => cpuSeconds), gapsMs });
    console.log(`${replicas} replicas: ${seconds.toFixed(1)} s, ${total} writes and ${leases} of Leases`);
  }

  handOvers.gaps();
  // For the others it makes no difference whether a replica is killed or stands still.
  const frozen = running.pop()?.pid ?? 0;
  const frozenAt = performance.now();
  process.kill(frozen, 'SIGSTOP');
  await untilShared(handOvers, running.length, shards);
  const frozenGapsMs = handOvers.gaps(frozenAt);
  process.kill(frozen, 'SIGCONT');
  await fleet.stop();

  const range = (ms: readonly number[]): string =>
    ms.length === 0 ? '' : `${Math.round(Math.min(...ms))} to ${Math.round(Math.max(...ms))}`;
  console.log(
    `\n${size} Rollouts of 2 pods (steps 25 %, 1 s, 50 %, 1 s) in ${shards} shards on the ${values.cluster} cluster, image of all changed at once:\n`,
  );
  console.log(
    table([
      ['replicas', 's until Healthy', 'writes each', 'CPU seconds of each', 'shards that moved', 'ms without owner'],
      ...rows.map((row) => [
        row.replicas,
        row.seconds.toFixed(1),
        (row.writes / size).toFixed(2),
        row.cpuSeconds.map((one) => one.toFixed(1)).join(' '),
        row.gapsMs.length,
        range(row.gapsMs),
      ]),
    ]),
  );
  console.log(
    `\none of ${running.length + 1} stopped in its tracks: its ${frozenGapsMs.length} shards had another owner after ${range(frozenGapsMs)} ms (Leases last 15 s)`,
  );
  if (values.json)
    fs.writeFileSync(
      values.json,
      `${JSON.stringify({ cluster: values.cluster, size, shards, rows, frozenGapsMs }, null, 2)}\n`,
    );
  return 0;

  async function systemNamespaceIn(): Promise<string> {
    const { items } = await cluster.client.list(resources.leases);
    const lease = items.find(({ metadata }) => metadata.name?.startsWith('sluice-rollout-controller-'));
    return lease?.metadata.namespace ?? SYSTEM_NAMESPACE;
  }
});

/** One more of the same service, under a name of its own in the logs. */
function replica(ordinal: number, shards: number): Service {
  const controller = services.find(({ name }) => name === 'rollout-controller');
  if (controller === undefined) throw new Failure('there is no service rollout-controller');
  return {
    ...controller,
    name: `rollout-controller-${ordinal}`,
    args: (surroundings) => [...controller.args(surroundings), '--shards', String(shards)],
  };
}

/** Until each Lease has a holder, there are so many of them, and nothing has changed for a while. */
async function untilShared(handOvers: HandOvers, replicas: number, shards: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const holdersNow = (): string => [...handOvers.holders()].sort().join();
  for (let seen = ''; ; seen = holdersNow()) {
    await sleep(1_500);
    const holders = [...handOvers.holders().values()];
    const isShared = holders.length === shards && !holders.includes('') && new Set(holders).size === replicas;
    if (isShared && holdersNow() === seen) return;
    if (performance.now() > end)
      throw new Failure(`${shards} shards are not shared by ${replicas} replicas: ${holdersNow()}`);
  }
}
