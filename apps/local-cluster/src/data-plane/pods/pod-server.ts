// The HTTP server of one pod: a socket of its own on loopback, which is there while the pod's containers run.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pod } from '../objects/shapes.ts';
import { hashOf, versionOf } from './identity.ts';
import { temperOf } from './temper.ts';

export interface PodServer {
  readonly port: number;
  /** Answers the requests it has, and those that are on their way, then ends: what a good program does on SIGTERM. */
  stop(): void;
  /** Ends with everything that is open: what a crash does. */
  kill(): void;
}

// What was sent before the end was known arrives within this time: a socket that closes at once would reset it.
const drainMs = 250;

/** Headers that every pod answers with. */
export const podHeaders = { pod: 'x-pod', version: 'x-version', hash: 'x-pod-template-hash' } as const;

/** `pod` answers the pod as it is now: its annotations may change while it runs. Resolves when it listens. */
export async function startPodServer(host: string, pod: () => Pod): Promise<PodServer> {
  let stopping = false;
  let errorsOwed = 0;

  const answer = (response: http.ServerResponse, errorRate: number): void => {
    const { namespace = '', name } = pod().metadata;
    const version = versionOf(pod());
    const hash = hashOf(pod());
    // Spread evenly: one in ten fails each tenth request.
    errorsOwed += errorRate;
    const failing = errorsOwed >= 1;
    if (failing) errorsOwed -= 1;
    const image = pod().spec?.containers?.[0]?.image ?? '';
    const body = JSON.stringify({ version, image, podTemplateHash: hash, pod: name, namespace });
    response.writeHead(failing ? 500 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      [podHeaders.pod]: name,
      [podHeaders.version]: version,
      [podHeaders.hash]: hash,
      ...(stopping ? { connection: 'close' } : {}),
    });
    response.end(body);
  };

  const server = http.createServer((request, response) => {
    request.resume();
    const { errorRate, latencyMs } = temperOf(pod());
    if (latencyMs > 0) setTimeout(() => answer(response, errorRate), latencyMs);
    else answer(response, errorRate);
  });
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      stopping = true;
      setTimeout(() => server.close(), drainMs).unref();
    },
    kill() {
      server.close();
      server.closeAllConnections();
    },
  };
}
