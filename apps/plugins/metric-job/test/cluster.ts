// A cluster whose Jobs really run, AnalysisRuns that measure on it, and the provider without a network in between.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, resources } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
// eslint-disable-next-line @nx/enforce-module-boundaries -- tests need a cluster
import { startLocalCluster } from '@sluice/local-cluster';
import { silentLogger } from '@sluice/plugin-sdk';
import type { Call, MetricAnswer, MetricProvider, MetricQuery, MetricUnderWay } from '@sluice/plugin-sdk';
import { readJobSettings } from '../src/settings.ts';
import type { JobSettings } from '../src/settings.ts';

export interface TestCluster {
  readonly client: KubeClient;
  /** Lines of the audit of what `client` sent: `get pods/log`. */
  requests(): readonly string[];
  stop(): Promise<void>;
}

export async function startCluster(): Promise<TestCluster> {
  // npm run test:kubernetes runs these on the real control plane.
  const named = process.env['SLUICE_TEST_KUBECONFIG'];
  const cluster = named === undefined ? await startLocalCluster({ workloads: { readyAfterMs: 20 } }) : undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-metric-job-'));
  const kubeconfig = named ?? path.join(folder, 'kubeconfig');
  cluster?.writeKubeconfig(kubeconfig);
  const asked: string[] = [];
  const client = await createClient({
    kubeconfig,
    userAgent: 'metric-job-test',
    onCall: ({ method, path: where, code }) =>
      void asked.push(`${method} ${where.split('/').slice(4).join('/')} ${code}`),
  });
  return {
    client,
    requests: () => asked,
    async stop() {
      client.close();
      await cluster?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const call = (): Call => ({
  signal: AbortSignal.timeout(30_000),
  logger: silentLogger,
  event: () => undefined,
});

/** A Job of one container that runs `command` in a shell. */
export const shell = (command: string, spec: object = {}, pod: object = {}): JobSettings =>
  readJobSettings({
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'check', image: 'busybox:1', command: ['sh', '-c', command] }],
          ...pod,
        },
      },
      ...spec,
    } as never,
  });

export const newRun = () => ({ namespace: 'default', name: 'run', uid: randomUUID() as string });

export function query(config: JobSettings, more: Partial<MetricQuery<JobSettings>> = {}): MetricQuery<JobSettings> {
  const run = more.run ?? newRun();
  const { metricName = 'job', ordinal = 1 } = more;
  const id = `${run.uid}/${metricName}/${ordinal}`;
  return { id, run, metricName, ordinal, config, metric: {}, secretValues: [], ...more };
}

export const underWay = (asked: MetricQuery<JobSettings>, answer: MetricAnswer): MetricUnderWay<JobSettings> => ({
  ...asked,
  handle: '',
  metadata: answer.metadata ?? {},
});

/** Starts and polls until it is over. */
export async function measure(
  provider: MetricProvider<JobSettings | undefined>,
  asked: MetricQuery<JobSettings>,
): Promise<MetricAnswer> {
  let answer = await provider.start(asked, call());
  for (const endAt = Date.now() + 60_000; 'pending' in answer;) {
    if (Date.now() > endAt) throw new Error(`still pending: ${JSON.stringify(answer)}`);
    await sleep(100);
    answer = (await provider.poll?.(underWay(asked, answer), call())) as MetricAnswer;
  }
  return answer;
}

/** Jobs of a run, or of all. */
export async function jobsOf(client: KubeClient, runUid?: string): Promise<readonly RawObject[]> {
  const labelSelector = `analysisrun.argoproj.io/uid${runUid === undefined ? '' : `=${runUid}`}`;
  return (await client.list(resources.jobs, { namespace: 'default', labelSelector })).items;
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const endAt = Date.now() + 60_000; !(await holds()); await sleep(100))
    if (Date.now() > endAt) throw new Error(`still waiting until ${what}`);
}
