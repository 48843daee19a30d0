import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { checkLoggedErrors, Failure, findOrStartRedis, root, runSession, startServicesOn } from '@sluice/tools-start';
import type { Session } from '@sluice/tools-start';
import { connect } from './kube.mjs';
import type { StoredObject } from './kube.mjs';
import { startMetrics } from './metrics.mjs';
import { chosenCluster } from './src/chosen-cluster.ts';
import { startPlayCluster } from './src/cluster.ts';
import type { PlayCluster } from './src/cluster.ts';
import { expectedErrors } from './src/expected-errors.ts';
import { loadMoment } from './src/load-moment.ts';
import { mustBeSame, nameMatcher } from './src/must-be-same.ts';
import { continuationsOf } from './src/takeover-continuation.ts';
import type { Continuation } from './src/takeover-continuation.ts';

// npm run takeover: moments that another controller left behind are loaded, the services take them over, and
// 1. write nothing at all, 2. go on from there to the right end. See README.md.
const moments = path.join(root, 'tools/parity/takeover');

await runSession(
  () => path.join(root, '.cache/logs/takeover'),
  async (session) => {
    const { cluster: kind, quietSeconds, names } = readArguments();
    const [cluster, redisUrl] = await Promise.all([
      startPlayCluster(session, kind),
      findOrStartRedis(session, process.env['REDIS_URL']),
    ]);
    const metrics = await startMetrics();
    session.atEnd(() => metrics.close());
    const kube = connect(cluster.kubeconfig);
    const plays = names.flatMap((name) => continuationsOf(name, readMoment(name)));
    await Promise.all(
      plays.map((play) =>
        loadMoment(kube, play.moment, { namespace: play.namespace, nowMs: Date.now(), metricsUrl: metrics.url }),
      ),
    );
    console.log(`${plays.length} moments are loaded`);
    const quiet = await checkQuiet(session, cluster, redisUrl, quietSeconds);
    const ends = await Promise.all(plays.map((play) => checkEnd(play, kube, metrics.url)));
    const isClean = checkLoggedErrors(session.children.errors(), expectedErrors, (line) => console.log(line));
    const failed = [quiet, isClean, ...ends].filter((ok) => !ok).length;
    console.log(`${ends.length + 2 - failed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  },
);

async function checkQuiet(session: Session, cluster: PlayCluster, redisUrl: string, seconds: number): Promise<boolean> {
  const writes = await cluster.watchWrites();
  await startServicesOn(session, cluster, redisUrl);
  await sleep(seconds * 1000);
  const { total, refused, events, first } = await writes();
  const quiet = total + refused === 0;
  console.log(
    `${quiet ? 'ok      ' : 'WRITES  '} ${total} writes, ${refused} refused and ${events} events in the ${seconds} s after taking over`,
  );
  for (const write of first) console.log(`   ${write}`);
  return quiet;
}

async function checkEnd(play: Continuation, kube: ReturnType<typeof connect>, metricsUrl: string): Promise<boolean> {
  try {
    await play.run(kube, metricsUrl);
    console.log(`ok       ${play.name}`);
    return true;
  } catch (error) {
    console.log(`FAILED   ${play.name}: ${(error as Error).message}`);
    return false;
  }
}

function readMoment(name: string): StoredObject[] {
  return JSON.parse(fs.readFileSync(path.join(moments, `${name}.json`), 'utf8')) as StoredObject[];
}

function readArguments() {
  const usage = 'npm run takeover -- --cluster local|kubernetes [--quiet-seconds N] [NAME…]';
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { cluster: { type: 'string', default: 'local' }, 'quiet-seconds': { type: 'string', default: '5' } },
    });
    const matches = nameMatcher(positionals.length > 0 ? positionals : mustBeSame().takeover);
    const all = fs.readdirSync(moments).map((file) => path.basename(file, '.json'));
    const names = all.filter(matches);
    if (names.length === 0) throw new Failure(`no moment matches ${positionals.join(' ')}: they are ${all.join(', ')}`);
    const quietSeconds = Number(values['quiet-seconds']);
    if (!(quietSeconds > 0)) throw new Failure(`--quiet-seconds is not a number of seconds (${usage})`);
    return { cluster: chosenCluster(values.cluster), quietSeconds, names };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${(error as Error).message} (${usage})`);
  }
}
