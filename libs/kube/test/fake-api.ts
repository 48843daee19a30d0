import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient } from '../src/index.ts';
import type { ClientOptions, KubeClient } from '../src/index.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Responder = (request: SeenRequest, response: ServerResponse, socket: Socket) => void | Promise<void>;

/** An HTTP server that answers as the test says: each request takes the next responder, the last one stays. */
export interface FakeApi {
  readonly requests: SeenRequest[];
  readonly connections: number;
  readonly url: string;
  script(...responders: Responder[]): void;
  client(options?: ClientOptions): Promise<KubeClient>;
  close(): Promise<void>;
}

export async function startFakeApi(): Promise<FakeApi> {
  const requests: SeenRequest[] = [];
  const clients: KubeClient[] = [];
  let responders: Responder[] = [json(200, {})];
  let connections = 0;
  const server = createServer((message, response) => void answer(message, response));
  server.on('connection', () => (connections += 1));

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(message.url ?? '/', 'http://fake');
    const request = {
      method: message.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    requests.push(request);
    const responder = responders.length > 1 ? responders.shift() : responders[0];
    await responder?.(request, response, message.socket);
  }

  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-kube-'));
  const kubeconfig = path.join(directory, 'config');
  writeFileSync(kubeconfig, kubeconfigFor(url, 'user: {token: secret}'));
  return {
    requests,
    url,
    get connections() {
      return connections;
    },
    script: (...next) => void (responders = next),
    async client(options) {
      const client = await createClient({ kubeconfig, ...options });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}

export function kubeconfigFor(server: string, user: string, cluster = ''): string {
  return `apiVersion: v1
kind: Config
current-context: main
clusters:
- {name: c, cluster: {server: "${server}"${cluster}}}
contexts:
- {name: main, context: {cluster: c, user: u, namespace: team}}
users:
- {name: u, ${user}}
`;
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Responder {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

export function failure(
  code: number,
  reason: string,
  message: string,
  headers: Record<string, string> = {},
): Responder {
  return json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }, headers);
}

/** Takes the request and drops the connection. */
export const drop: Responder = (_request, _response, socket) => void socket.destroy();

/** Takes the request and never answers. */
export const silence: Responder = () => undefined;

/** A watch that brings these lines, then ends, stays open, or breaks. */
export function stream(lines: readonly unknown[], then: 'end' | 'stay' | 'break' = 'end'): Responder {
  return (_request, response, socket) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const line of lines) response.write(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`);
    if (then === 'end') response.end();
    if (then === 'break') setImmediate(() => socket.destroy());
  };
}
