// One request to one pod.
import http from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { entranceHeaders } from './client-request.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Thrown when a request has certainly reached nobody: it may be sent again, whatever it asks for. */
export class Unreached extends Error {}

export interface Upstream {
  /** Rejects with Unreached, or with another error when the pod went in the middle of its answer or took too long. */
  send(port: number, request: UpstreamRequest): Promise<UpstreamAnswer>;
  stop(): void;
}

const timeoutMs = 30_000;
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'proxy-connection', 'expect'];
const notForPods = new Set([...hopByHop, 'content-length', ...Object.values(entranceHeaders)]);

export function createUpstream(host: string): Upstream {
  const agent = new http.Agent({ keepAlive: true });
  return {
    send: (port, request) => send({ agent, host, port }, request),
    stop: () => agent.destroy(),
  };
}

/** Headers that go on to the next hop. */
export const passedOn = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !notForPods.has(name)));

function send(
  to: { readonly agent: http.Agent; readonly host: string; readonly port: number },
  { method, url, headers, body }: UpstreamRequest,
): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        ...to,
        method,
        path: url,
        timeout: timeoutMs,
        headers: { ...passedOn(headers), 'content-length': body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
        response.on('error', reject);
      },
    );
    request.on('timeout', () => request.destroy(new Error(`the pod did not answer within ${timeoutMs / 1000} s`)));
    request.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that was kept open, and that the other side closed meanwhile.
      const closedBefore = request.reusedSocket && error.code === 'ECONNRESET';
      const unreached = error.syscall === 'connect' || closedBefore;
      reject(unreached ? new Unreached(error.message, { cause: error }) : error);
    });
    request.end(body);
  });
}
