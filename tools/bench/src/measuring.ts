// AnalysisRuns that measure for ever, and what measures them.
import { setTimeout as sleep } from 'node:timers/promises';
import { resources } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
import type { Service } from '@sluice/tools-start';

const AT_ONCE = 20;
export const MEASURED = 'measured';

const local = ['--http-host', '127.0.0.1', '--http-port', '0'];

/** The scheduler alone, and so many workers; with 0 workers one process with both roles, as `npm start` has it. */
export function runners(workers: number): readonly Service[] {
  const script = 'apps/analysis-runner/src/main.ts';
  const runner = (name: string, ...more: readonly string[]): Service => ({
    name,
    script,
    youngMiB: 16,
    args: ({ kubeconfig, systemNamespace, plugins = '', peers = {} }) => [
      ...['--kubeconfig', kubeconfig, '--system-namespace', systemNamespace, ...local, '--plugins', plugins],
      ...['--foreign-lease-namespace', 'none'],
      ...more,
      ...(name === 'scheduler' || workers === 0 ? [] : ['--scheduler', peers['scheduler'] ?? '']),
    ],
  });
  const grpc = ['--grpc-host', '127.0.0.1', '--grpc-port', '0'];
  if (workers === 0) return [runner('analysis-runner', '--role', 'scheduler,worker', ...grpc)];
  const all = Array.from({ length: workers }, (_none, index) => runner(`worker-${index + 1}`, '--role', 'worker'));
  return [runner('scheduler', '--role', 'scheduler', ...grpc), ...all];
}

/** The plugin that asks the metric server. */
export const webPlugin = {
  name: 'metric-web',
  script: 'apps/plugins/metric-web/src/main.ts',
  args: ({ kubeconfig }: { readonly kubeconfig: string }) => [
    ...['--kubeconfig', kubeconfig, ...local, '--grpc-host', '127.0.0.1', '--grpc-port', '0'],
  ],
  youngMiB: 16,
  type: 'metric',
  knownAs: 'web',
} as const;

export function measuredRun(name: string, url: string): RawObject {
  const web = { url: `${url}/${name}`, jsonPath: '{$.errors}' };
  const metric = { name: 'errors', interval: '1s', successCondition: 'result < 0.05', provider: { web } };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name, namespace: MEASURED },
    spec: { metrics: [metric] },
  };
}

/** Makes so many runs, spread over a second, so that they do not all measure at the same moment. */
export async function createRuns(client: KubeClient, count: number, url: string): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const part = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_none, index) => `run-${from + index}`);
    await Promise.all(part.map((name) => client.create(resources.analysisRuns, measuredRun(name, url))));
    await sleep(1_000 / Math.ceil(count / AT_ONCE));
  }
}

export async function removeRuns(client: KubeClient): Promise<void> {
  const { items } = await client.list(resources.analysisRuns, { namespace: MEASURED });
  for (let from = 0; from < items.length; from += AT_ONCE)
    await Promise.all(
      items.slice(from, from + AT_ONCE).map(({ metadata }) => client.remove(resources.analysisRuns, metadata)),
    );
}
