import path from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, findOrStartRedis, root, runProgram, runSession, startServicesOn } from '@sluice/tools-start';
import { chosenCluster } from './src/chosen-cluster.ts';
import { startPlayCluster } from './src/cluster.ts';
import { mustBeSame } from './src/must-be-same.ts';

// npm run parity: a cluster, the services and the replay of recorded scenarios; exit code 1 when anything differs. See README.md.
const here = path.join(root, 'tools/parity');

await runSession(
  () => path.join(root, '.cache/logs/parity'),
  async (session) => {
    const { cluster: kind, replay } = readArguments();
    const [cluster, redisUrl] = await Promise.all([
      startPlayCluster(session, kind),
      findOrStartRedis(session, process.env['REDIS_URL']),
    ]);
    await startServicesOn(session, cluster, redisUrl);
    const program = [path.join(here, 'replay.mjs'), 'check', '--kubeconfig', cluster.kubeconfig, ...replay];
    return (await runProgram(session, process.execPath, program, { output: 'show' })).code;
  },
);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        cluster: { type: 'string', default: 'local' },
        jobs: { type: 'string', default: '6' },
        known: { type: 'string', default: path.join(here, 'known.json') },
        routers: { type: 'string' },
        report: { type: 'string' },
        'must-be-same': { type: 'boolean', default: false },
      },
    });
    const { cluster, 'must-be-same': listed, ...passedOn } = values;
    const names = listed ? [...mustBeSame().parity, ...positionals] : positionals;
    const replay = Object.entries(passedOn).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    return { cluster: chosenCluster(cluster), replay: [...replay, ...names] };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${(error as Error).message} (npm run parity -- --cluster local|kubernetes [--jobs N] [--must-be-same] [NAME…])`,
    );
  }
}
