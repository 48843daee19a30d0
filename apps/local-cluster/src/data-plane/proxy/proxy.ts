// The proxy: takes a client's request, finds where it goes, sends it there, and tells what came of it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { Pod } from '../objects/shapes.ts';
import type { PodServers } from '../pods/pod-servers.ts';
import type { Endpoint } from '../routing/endpoints.ts';
import { readyEndpoints } from '../routing/endpoints.ts';
import type { Destination, Unserved } from '../routing/resolve.ts';
import { resolve } from '../routing/resolve.ts';
import type { Backend, ClientRequest, Route } from '../routing/route.ts';
import type { RouteTable } from '../routing/table.ts';
import { bodyLimitBytes, readBody } from './body.ts';
import { clientRequest } from './client-request.ts';
import { evenDraws, roundRobin } from './turns.ts';
import type { Upstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts';
import { passedOn, Unreached } from './upstream.ts';

/** What came of one request, for those who count. */
export type Outcome =
  | {
      readonly kind: 'answered';
      readonly route: Route;
      readonly backend: Backend;
      readonly pod: Pod;
      readonly status: number;
      readonly ms: number;
      readonly mirrored: boolean;
    }
  | { readonly kind: 'by-proxy'; readonly route: Route; readonly status: number }
  | { readonly kind: 'no-route'; readonly request: ClientRequest }
  | {
      readonly kind: 'unserved';
      readonly request: ClientRequest;
      readonly unserved: Unserved;
      readonly mirrored: boolean;
    }
  /** Ready endpoints were there, and none of those that were tried could be reached. */
  | {
      readonly kind: 'lost';
      readonly request: ClientRequest;
      readonly route: Route;
      readonly backend: Backend;
      readonly error: string;
      readonly mirrored: boolean;
    };

export interface ProxyOptions {
  readonly objects: ClusterObjects;
  readonly table: Pick<RouteTable, 'find'>;
  readonly pods: Pick<PodServers, 'portOf'>;
  readonly upstream: Upstream;
  readonly onOutcome: (outcome: Outcome) => void;
}

// As proxies do: a request that reached nobody is tried again, soon and then less soon. Endpoints are told a moment after their pods have gone.
const retriesAfterMs = [0, 10, 50, 150];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const failureHeader = 'x-data-plane-failure';

export function createProxy({ objects, table, pods, upstream, onOutcome }: ProxyOptions) {
  const draw = evenDraws();
  const drawMirror = evenDraws();
  const next = roundRobin();

  async function dial(endpoint: Endpoint, request: UpstreamRequest): Promise<{ answer: UpstreamAnswer; pod: Pod }> {
    const { namespace, pod: name, address } = endpoint;
    const pod = name === undefined ? undefined : objects.get('pods', namespace, name);
    const port = name === undefined ? undefined : await pods.portOf(namespace, name);
    if (!pod || port === undefined) throw new Unreached(`nothing listens at ${name ?? address}`);
    return { answer: await upstream.send(port, request), pod };
  }

  const pick = (backend: Backend, endpoints: readonly Endpoint[]): Endpoint => {
    const { namespace, service, subset } = backend;
    return next(`${namespace}/${service}/${subset?.name ?? ''}`, endpoints)!;
  };

  function sendMirrors(route: Route, request: ClientRequest, sent: UpstreamRequest): void {
    for (const mirror of route.mirrors) if (drawMirror() * 100 < mirror.percent) void sendMirror(mirror);

    async function sendMirror(backend: Backend): Promise<void> {
      const endpoints = readyEndpoints(objects, backend);
      if (typeof endpoints === 'string') {
        const unserved: Unserved = { to: 'nobody', route, backend, reason: endpoints };
        return onOutcome({ kind: 'unserved', request, unserved, mirrored: true });
      }
      const started = performance.now();
      try {
        const { answer, pod } = await dial(pick(backend, endpoints), sent);
        const ms = performance.now() - started;
        onOutcome({ kind: 'answered', route, backend, pod, status: answer.status, ms, mirrored: true });
      } catch (error) {
        onOutcome({ kind: 'lost', request, route, backend, error: messageOf(error), mirrored: true });
      }
    }
  }

  /** A destination is looked for afresh for each attempt: what counts is what the cluster says by then. */
  async function serve(request: ClientRequest, sent: UpstreamRequest): Promise<Reply | UpstreamAnswer> {
    const started = performance.now();
    let mirrored = false;
    for (let attempt = 0; ; attempt++) {
      const destination = resolve(objects, table, request, draw());
      if (destination.to !== 'pods') return refuse(request, destination);
      const { route, backend, endpoints } = destination;
      if (!mirrored) sendMirrors(route, request, sent);
      mirrored = true;
      try {
        const { answer, pod } = await dial(pick(backend, endpoints), sent);
        const ms = performance.now() - started;
        onOutcome({ kind: 'answered', route, backend, pod, status: answer.status, ms, mirrored: false });
        return answer;
      } catch (error) {
        const againAfterMs = error instanceof Unreached ? retriesAfterMs[attempt] : undefined;
        if (againAfterMs !== undefined) {
          await pause(againAfterMs);
          continue;
        }
        onOutcome({ kind: 'lost', request, route, backend, error: messageOf(error), mirrored: false });
        return failure(502, 'lost', `${route.object}: ${messageOf(error)}`);
      }
    }
  }

  function refuse(request: ClientRequest, destination: Exclude<Destination, { to: 'pods' }>): Reply {
    switch (destination.to) {
      case 'no-route':
        onOutcome({ kind: 'no-route', request });
        return failure(404, 'no-route', `no route for http://${request.host}${request.path}`);
      case 'proxy': {
        const { route, status, location } = destination;
        onOutcome({ kind: 'by-proxy', route, status });
        return { status, headers: location === undefined ? {} : { location }, body: '' };
      }
      case 'nobody': {
        onOutcome({ kind: 'unserved', request, unserved: destination, mirrored: false });
        const { route, backend, reason } = destination;
        return failure(
          503,
          reason,
          `${route.object}: ${backend ? `${backend.namespace}/${backend.service}: ` : ''}${reason}`,
        );
      }
    }
  }

  async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = clientRequest(message);
    const body = await readBody(message);
    const reply = body
      ? await serve(request, { method: request.method, url: message.url ?? '/', headers: request.headers, body })
      : failure(413, 'too-large', `a body may have ${bodyLimitBytes} bytes here`);
    if (response.destroyed) return;
    response.writeHead(reply.status, {
      ...('headers' in reply && reply.headers ? passedOn(reply.headers) : {}),
      'content-length': Buffer.byteLength(reply.body),
      // Not read to its end: the connection cannot be used again.
      ...(body ? {} : { connection: 'close' }),
    });
    response.end(message.method === 'HEAD' ? undefined : reply.body);
  }

  return (message: IncomingMessage, response: ServerResponse): void => {
    // A client that goes in the middle of its request gets no answer.
    respond(message, response).catch(() => response.destroy());
  };
}

const failure = (status: number, reason: string, text: string): Reply => ({
  status,
  headers: { 'content-type': 'text/plain', [failureHeader]: reason },
  body: `${text}\n`,
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
