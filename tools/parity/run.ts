import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Totals } from '@sluice/local-cluster';
import {
  checkLoggedErrors,
  Failure,
  findOrStartRedis,
  root,
  runProgram,
  runSession,
  startServicesOn,
} from '@sluice/tools-start';
import type { Session } from '@sluice/tools-start';
import { chosenCluster } from './src/chosen-cluster.ts';
import { startPlayCluster } from './src/cluster.ts';
import type { ClusterKind } from './src/cluster.ts';
import { expectedErrors } from './src/expected-errors.ts';
import { mustBeSame } from './src/must-be-same.ts';
import { startTraffic } from './src/traffic.ts';

// npm run parity: a cluster, the services and the replay of recorded scenarios; exit code 1 when anything differs. See README.md.
const here = path.join(root, 'tools/parity');

await runSession(
  () => path.join(root, '.cache/logs/parity'),
  async (session) => {
    const { cluster: kind, known, traffic, options, names, again } = readArguments();
    const [cluster, redisUrl] = await Promise.all([
      startPlayCluster(session, kind, { dataPlane: traffic }),
      findOrStartRedis(session, process.env['REDIS_URL']),
    ]);
    await startServicesOn(session, cluster, redisUrl);
    const differences = known ?? knownDifferences(kind, session.temp);
    const play = check(session, ['--kubeconfig', cluster.kubeconfig, '--known', differences, ...options]);
    const endTraffic = cluster.dataPlane && (await startTraffic(session, cluster.kubeconfig, cluster.dataPlane));
    const first = await play(names);
    const played = again && first.differing.length > 0 ? await playAgain(play, first) : first;
    const isServed = await isWellServed(endTraffic);
    const isQuiet = checkLoggedErrors(session.children.errors(), expectedErrors, (line) => console.log(line));
    return isServed && isQuiet ? played.code : 1;
  },
);

interface Played {
  readonly code: number;
  readonly same: number;
  /** Names of the scenarios that differ. */
  readonly differing: readonly string[];
}

/** Plays scenarios, shows how it goes, and tells how it ended. Options given later count. */
function check(session: Session, given: readonly string[]) {
  const file = path.join(session.temp, 'report.json');
  return async (names: readonly string[], ...more: string[]): Promise<Played> => {
    fs.rmSync(file, { force: true });
    const program = [path.join(here, 'replay.mjs'), 'check', ...given, '--report', file, ...more, ...names];
    const { code } = await runProgram(session, process.execPath, program, { output: 'show' });
    const report = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown[]>) : {};
    const differing = Object.keys(report).filter((name) => report[name]?.length);
    return { code, differing, same: Object.keys(report).length - differing.length };
  };
}

/**
 * Scenarios wait for quiet within deadlines of 2 to 5 s: on a machine that stands still for a moment they miss what they look for.
 * So what differs beside others is played once more by itself; a difference that is there then is one.
 */
async function playAgain(play: ReturnType<typeof check>, first: Played): Promise<Played> {
  console.log(`again, one at a time: ${first.differing.join(', ')}`);
  const second = await play(first.differing, '--jobs', '1');
  console.log(`${first.same + second.same} passed, ${second.differing.length} failed`);
  return second;
}

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
        'must-be-same': { type: 'boolean', default: false },
        traffic: { type: 'boolean', default: false },
        again: { type: 'boolean', default: false },
      },
    });
    const { cluster, known, traffic, again, 'must-be-same': listed, ...passedOn } = values;
    if (traffic && cluster !== 'local')
      throw new Failure('--traffic needs pods that answer: only the local cluster has some');
    const names = listed ? [...mustBeSame().parity, ...positionals] : positionals;
    const options = Object.entries(passedOn).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    return { cluster: chosenCluster(cluster), known, traffic, again, options, names };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `${(error as Error).message} (npm run parity -- --cluster local|kubernetes [--jobs N] [--must-be-same] [--traffic] [--again] [NAME…])`,
    );
  }
}
