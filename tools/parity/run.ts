import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Totals } from '@sluice/local-cluster';
import { Failure, findOrStartRedis, root, runProgram, runSession, startServicesOn } from '@sluice/tools-start';
import { chosenCluster } from './src/chosen-cluster.ts';
import { startPlayCluster } from './src/cluster.ts';
import type { ClusterKind } from './src/cluster.ts';
import { mustBeSame } from './src/must-be-same.ts';
import { startTraffic } from './src/traffic.ts';

// npm run parity: a cluster, the services and the replay of recorded scenarios; exit code 1 when anything differs. See README.md.
const here = path.join(root, 'tools/parity');

await runSession(
  () => path.join(root, '.cache/logs/parity'),
  async (session) => {
    const { cluster: kind, known, traffic, replay } = readArguments();
    const [cluster, redisUrl] = await Promise.all([
      startPlayCluster(session, kind, { dataPlane: traffic }),
      findOrStartRedis(session, process.env['REDIS_URL']),
    ]);
    await startServicesOn(session, cluster, redisUrl);
    const differences = known ?? knownDifferences(kind, session.temp);
    const given = ['--kubeconfig', cluster.kubeconfig, '--known', differences, ...replay];
    const program = [path.join(here, 'replay.mjs'), 'check', ...given];
    const endTraffic = cluster.dataPlane && (await startTraffic(session, cluster.kubeconfig, cluster.dataPlane));
    const { code } = await runProgram(session, process.execPath, program, { output: 'show' });
    return (await isWellServed(endTraffic)) ? code : 1;
  },
);

/** Whether every request of the clients that came meanwhile was answered, as far as a right order could have had it answered. */
async function isWellServed(endTraffic: (() => Promise<Totals>) | undefined): Promise<boolean> {
  if (!endTraffic) return true;
  try {
    const { requests, failed } = await endTraffic();
    console.error(`clients sent ${requests} requests; ${failed} were not answered, none of them for want of order`);
    return true;
  } catch (error) {
    console.error((error as Error).message);
    return false;
  }
}

/** A file with the differences of Sluice, and those that are the cluster's own and not Sluice's. */
function knownDifferences(kind: ClusterKind, folder: string): string {
  const files = ['known.json', `known.${kind}.json`].map((name) => path.join(here, name));
  const entries = files
    .filter((file) => fs.existsSync(file))
    .flatMap((file) => JSON.parse(fs.readFileSync(file, 'utf8')) as unknown[]);
  const all = path.join(folder, 'known.json');
  fs.writeFileSync(all, JSON.stringify(entries));
  return all;
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        cluster: { type: 'string', default: 'local' },
        jobs: { type: 'string', default: '6' },
        known: { type: 'string' },
        routers: { type: 'string' },
        report: { type: 'string' },
        'must-be-same': { type: 'boolean', default: false },
        traffic: { type: 'boolean', default: false },
      },
    });
    const { cluster, known, traffic, 'must-be-same': listed, ...passedOn } = values;
    if (traffic && cluster !== 'local')
      throw new Failure('--traffic needs pods that answer: only the local cluster has some');
    const names = listed ? [...mustBeSame().parity, ...positionals] : positionals;
    const replay = Object.entries(passedOn).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    return { cluster: chosenCluster(cluster), known, traffic, replay: [...replay, ...names] };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${(error as Error).message} (npm run parity -- --cluster local|kubernetes [--jobs N] [--must-be-same] [--traffic] [NAME…])`,
    );
  }
}
