// node tools/bench/measurements.ts [--cluster local|kubernetes] [--runs 500,1000,2000] [--workers 1] [--seconds 20] [--json FILE]
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { resources } from '@sluice/kube';
import { runSession } from '@sluice/tools-start';
import type { Session } from '@sluice/tools-start';
import { chosenCluster, startBenchCluster } from './src/cluster.ts';
import { MEASURED, createRuns, removeRuns, runners, webPlugin } from './src/measuring.ts';
import { gapsOf, quantile, startMetricServer } from './src/metric-server.ts';
import { logFolder, usageTable } from './src/report.ts';
import { quantileOf, scrapeBuckets } from './src/scrape.ts';
import { table } from './src/table.ts';
import { watchUsage } from './src/usage.ts';
import type { ServiceUsage } from './src/usage.ts';

const { values } = parseArgs({
  options: {
    cluster: { type: 'string', default: 'local' },
    runs: { type: 'string', default: '500,1000,2000' },
    workers: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
});
const sizes = values.runs.split(',').map(Number);
const workers = Number(values.workers);
const lateness = 'sluice_measurement_lateness_seconds';
const duration = 'sluice_measurement_seconds';

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

interface Measured {
  readonly workers: number;
  readonly runs: number;
  readonly perSecond: number;
  readonly gapMs: Quantiles;
  /** From when a measurement was due until a worker took it, and from there until it had reported. */
  readonly lateMs: Quantiles;
  readonly tookMs: Quantiles;
  readonly writesPerSecond: number;
  readonly writesPerMeasurement: number;
  readonly usage: readonly ServiceUsage[];
}

async function measureAll(session: Session): Promise<readonly Measured[]> {
  const cluster = await startBenchCluster(session, chosenCluster(values.cluster), {
    services: runners(workers),
    plugins: [webPlugin],
  });
  await cluster.client.create(resources.namespaces, { metadata: { name: MEASURED } });
  const server = await startMetricServer();
  const results: Measured[] = [];
  const scheduler = cluster.services[0]?.addresses['metrics'] ?? '';
  const scrape = () => Promise.all([lateness, duration].map((name) => scrapeBuckets(scheduler, name)));
  for (const runs of sizes) {
    await createRuns(cluster.client, runs, server.url);
    await sleep(6_000);
    const usage = watchUsage([...cluster.services, { name: 'bench and metric server', pid: process.pid }]);
    const writes = await cluster.countWrites();
    const before = await scrape();
    server.clear();
    const startedAt = performance.now();
    await sleep(Number(values.seconds) * 1_000);
    const seconds = (performance.now() - startedAt) / 1_000;
    const asked = [...server.asked.values()].reduce((sum, times) => sum + times.length, 0);
    const gaps = gapsOf(server.asked);
    const { total, events } = await writes();
    const after = await scrape();
    const scraped = (at: number): Quantiles => {
      const of = (part: number) => 1_000 * quantileOf(before[at] ?? [], after[at] ?? [], part);
      return { p50: of(0.5), p99: of(0.99) };
    };
    const measured: Measured = {
      workers,
      runs,
      perSecond: asked / seconds,
      gapMs: { p50: quantile(gaps, 0.5), p99: quantile(gaps, 0.99) },
      lateMs: scraped(0),
      tookMs: scraped(1),
      writesPerSecond: (total + events) / seconds,
      writesPerMeasurement: (total + events) / asked,
      usage: usage(),
    };
    results.push(measured);
    report(measured, seconds);
    await removeRuns(cluster.client);
    await sleep(2_000);
  }
  server.stop();
  return results;
}

const between = ({ p50, p99 }: Quantiles): string => `${p50.toFixed(0)} and ${p99.toFixed(0)} ms`;

function report({ workers, runs, usage, ...result }: Measured, seconds: number): void {
  const who = workers === 0 ? 'one process with both roles' : `one scheduler and ${workers} worker(s)`;
  console.log(`\n${runs} runs that measure each second, ${who}, ${values.cluster} cluster, ${seconds.toFixed(0)} s:`);
  console.log(
    table([
      ['', ''],
      ['measurements a second', result.perSecond.toFixed(0)],
      ['between two of a run, p50 and p99', between(result.gapMs)],
      ['late when taken, p50 and p99', between(result.lateMs)],
      ['from there to the report, p50 and p99', between(result.tookMs)],
      ['API writes a second', result.writesPerSecond.toFixed(1)],
      ['API writes for each measurement', result.writesPerMeasurement.toFixed(3)],
    ]),
  );
  console.log(usageTable(usage));
}

await runSession(logFolder, async (session) => {
  const all = await measureAll(session);
  if (values.json) fs.writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
  return 0;
});
