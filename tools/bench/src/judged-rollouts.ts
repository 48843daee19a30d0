// Rollouts behind nginx, each judged by an analysis in the background, and a metric that turns bad for all of them at once.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RawObject } from '@sluice/kube';

export const JUDGED = 'judged';

export interface TurningMetric {
  /** What stands behind the slash is whose metric it is. */
  readonly url: string;
  turnBad(): void;
  /** When each was told for the first time that it is bad, in milliseconds of the monotonic clock. */
  readonly toldBad: ReadonlyMap<string, number>;
  stop(): void;
}

export async function startTurningMetric(): Promise<TurningMetric> {
  const toldBad = new Map<string, number>();
  let isBad = false;
  const server = http.createServer((request, response) => {
    const who = (request.url ?? '').slice(1);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ errors: isBad ? 0.5 : 0.01 }));
    if (isBad && !toldBad.has(who)) toldBad.set(who, performance.now());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    turnBad: () => void (isBad = true),
    toldBad,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const metadata = (name: string) => ({ name, namespace: JUDGED });

/** Everything of one Rollout: Services, Ingress, template of its analysis, itself. */
export function judgedRollout(name: string, metricUrl: string): readonly RawObject[] {
  const service = (side: string): RawObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(`${name}-${side}`),
    spec: { selector: { app: name }, ports: [{ port: 80 }] },
  });
  const backend = { service: { name: `${name}-stable`, port: { number: 80 } } };
  const web = { url: `${metricUrl}/${name}`, jsonPath: '{$.errors}' };
  return [
    service('stable'),
    service('canary'),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: metadata(name),
      spec: {
        ingressClassName: 'nginx',
        rules: [{ host: `${name}.test`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: metadata(name),
      spec: {
        metrics: [{ name: 'errors', interval: '1s', successCondition: 'result < 0.05', provider: { web } }],
      },
    },
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: metadata(name),
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'app:1' }] } },
        strategy: {
          canary: {
            stableService: `${name}-stable`,
            canaryService: `${name}-canary`,
            trafficRouting: { nginx: { stableIngress: name } },
            analysis: { templates: [{ templateName: name }] },
            steps: [{ setWeight: 50 }, { pause: {} }],
          },
        },
      },
    },
  ];
}
