// Every rule of the contract, over real gRPC: on the local cluster, or by `npm run test:kubernetes` on a real control plane.
// eslint-disable-next-line @nx/enforce-module-boundaries -- the suite is a tool for plugins, which know nothing of it while they run
import { testConformance } from '@sluice/conformance/vitest';
import { silentLogger } from '@sluice/kube';
import type { RawObject } from '@sluice/kube';
import { servePlugin } from '@sluice/plugin-sdk';
import type { PluginLogger } from '@sluice/plugin-sdk';
import { createJobProvider, introduction } from '../src/index.ts';
import { jobsOf, newRun, shell, startCluster } from './cluster.ts';

const secret = 'not a label: s3cret';
const isRunning = ({ metadata, ...job }: RawObject): boolean =>
  metadata.deletionTimestamp === undefined &&
  !job['status']?.conditions?.some(({ type }: { type: string }) => type === 'Complete' || type === 'Failed');

testConformance({
  type: 'metric',
  // A Job takes its time, and says nothing but how it ended.
  without: ['value', 'no-data', 'hanging'],
  async start() {
    const cluster = await startCluster();
    let log = '';
    const write = (fields: object, message: string): void => void (log += `${JSON.stringify(fields)} ${message}\n`);
    const logger: PluginLogger = { ...silentLogger, debug: write, info: write, warn: write, error: write };
    const serve = (port: number) =>
      servePlugin({ ...introduction, metric: createJobProvider({ client: cluster.client }) }, { port, logger });
    let served = await serve(0);
    const port = Number(served.address.split(':').at(-1));
    return {
      target: {
        address: served.address,
        stop: () => served.stop(),
        async restart() {
          await served.stop();
          served = await serve(port);
        },
      },
      metricWorld: {
        samples: {
          failing: { spec: shell('true', {}, { containers: [] }).spec },
          // The API server says back what it does not take.
          secret: { text: secret, config: { metadata: { labels: { token: secret } }, spec: shell('true').spec } },
          ending: { spec: shell('exit 0').spec },
          endless: { spec: shell('sleep 300').spec },
        },
        newRun: () => Promise.resolve(newRun()),
        // A Job that was there already was not begun a second time.
        asked: async () =>
          cluster
            .requests()
            .filter((line) => line.startsWith('POST namespaces/default/jobs ') && !line.endsWith(' 409')).length,
        running: async () => (await jobsOf(cluster.client)).filter(isRunning).length,
        leftBehind: async ({ uid }) =>
          (await jobsOf(cluster.client, uid))
            .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
            .map(({ metadata }) => Number(metadata.annotations?.['sluice.dev/measurement'])),
        logged: () => log,
      },
      async stop() {
        await served.stop();
        await cluster.stop();
      },
    };
  },
});
