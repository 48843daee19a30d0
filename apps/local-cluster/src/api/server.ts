// The API on a socket: HTTP in, answers and watches out, faults in between.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Buffer } from 'node:buffer';
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import { readProtobuf } from '../schema/protobuf.ts';
import { StatusError } from '../storage/status-error.ts';
import type { ControlEndpoints } from './control.ts';
import type { Fault, Faults, RequestFacts, WatchFault } from './faults.ts';
import { reasonOf } from './faults.ts';
import type { ApiRequest, ApiResponse } from './message.ts';
import { isTrue } from './message.ts';
import type { Api } from './serve.ts';
import { failure } from './serve.ts';
import type { OpenWatch, StartWatch } from './watch.ts';

export interface ServerOptions {
  readonly api: Api;
  readonly faults: Faults;
  readonly control: ControlEndpoints;
  readonly clock: Clock;
  readonly bookmarkEveryMs: number;
  /** The watches that are open: the server adds and removes. */
  readonly watches: Set<OpenWatch>;
  readonly host: string;
  readonly port: number;
}

export interface ApiServer {
  readonly port: number;
  /** Breaks every connection and frees the port. */
  close(): Promise<void>;
}

const BODY_LIMIT = 3 * 1024 * 1024;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** The token is a name: `admin-token` is admin, `sut-token` is sut. Without one it is admin. */
function userOf(authorization: string | undefined): string {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  return token ? token.replace(/-token$/, '') : 'admin';
}

function apiRequest(request: FastifyRequest): ApiRequest {
  const { url, method, headers } = request;
  const mark = url.indexOf('?');
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const protobuf = body.length > 0 && headers['content-type']?.startsWith('application/vnd.kubernetes.protobuf');
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    accept: headers.accept ?? '',
    contentType: protobuf ? 'application/json' : (headers['content-type'] ?? ''),
    userAgent: headers['user-agent'] ?? '',
    user: userOf(headers.authorization),
    body: protobuf ? JSON.stringify(readProtobuf(body)) : body.toString(),
  };
}

// Past the library: it would rewrite media types with parameters, which clients compare.
function send(reply: FastifyReply, response: ApiResponse): void {
  const headers: Record<string, string | number | string[]> = {
    'content-type': response.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(response.body),
    'cache-control': 'no-cache, private',
    ...response.headers,
  };
  // Several headers of one name: kubectl prints each as a warning.
  if (response.warnings?.length) headers.warning = response.warnings.map((w) => `299 - ${JSON.stringify(w)}`);
  reply.hijack();
  reply.raw.writeHead(response.code, headers);
  reply.raw.end(response.body);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function refusal({ code, reason, message, retryAfterSeconds }: NonNullable<Fault['answer']>): StatusError {
  return new StatusError(
    code,
    reason ?? reasonOf(code),
    message ?? `a fault was asked for: ${code}`,
    retryAfterSeconds === undefined ? undefined : { retryAfterSeconds },
  );
}

export async function startServer(options: ServerOptions): Promise<ApiServer> {
  const { api, faults, control } = options;
  const app: FastifyInstance = fastify({
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: 120_000,
    requestTimeout: 0,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2000 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
    done(null, body),
  );
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  async function respond(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const asked = apiRequest(request);
    const own = await control.serve(asked);
    if (own) return send(reply, own);
    const facts = factsOf(request, asked);
    if (faults.latencyMs > 0) await pause(faults.latencyMs);
    const fault = faults.hit(facts);
    if (!fault) return finish(reply, facts, api.serve(asked));
    if (fault.delayMs && fault.watch !== 'slow') await pause(fault.delayMs);
    return faulty(reply, facts, asked, fault);
  }

  function faulty(reply: FastifyReply, facts: RequestFacts, asked: ApiRequest, fault: Fault): void {
    if (fault.perform) api.serve(asked);
    if (fault.hang) {
      reply.hijack();
      return;
    }
    if (fault.reset) {
      reply.hijack();
      reply.raw.destroy();
      return;
    }
    if (fault.answer) return send(reply, failure(refusal(fault.answer)));
    return finish(reply, facts, api.serve(asked), fault.watch ? (fault as WatchFault) : undefined);
  }

  function finish(
    reply: FastifyReply,
    facts: RequestFacts,
    response: ApiResponse | StartWatch,
    fault?: WatchFault,
  ): void {
    if (typeof response !== 'function') return send(reply, response);
    reply.hijack();
    openWatch(reply.raw, facts, response, fault);
  }

  function openWatch(
    raw: ServerResponse<IncomingMessage>,
    facts: RequestFacts,
    start: StartWatch,
    first?: WatchFault,
  ): void {
    const { clock, bookmarkEveryMs, watches } = options;
    const state: { open?: OpenWatch; closed: boolean } = { closed: false };
    // A fault that hit this watch when it opened holds for all of it; others hold while they are switched on.
    const fault = (): WatchFault | undefined => first ?? faults.watchFault(facts);
    state.open = start(raw, { clock, bookmarkEveryMs, fault }, () => {
      state.closed = true;
      if (state.open) watches.delete(state.open);
    });
    if (state.closed) return;
    watches.add(state.open);
    if (first?.watch === 'expire') state.open.expire();
  }

  app.route({
    method: [...methods],
    url: '*',
    handler: async (request, reply) => {
      try {
        await respond(request, reply);
      } catch (error) {
        if (reply.raw.headersSent) reply.raw.destroy();
        else send(reply, failure(error));
      }
      return reply;
    },
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const code = error.statusCode ?? 500;
    send(
      reply,
      failure(
        code === 413
          ? new StatusError(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728')
          : new StatusError(code, reasonOf(code), error.message),
      ),
    );
  });
  await app.listen({ host: options.host, port: options.port });
  return {
    port: (app.server.address() as AddressInfo).port,
    async close() {
      for (const watch of [...options.watches]) watch.drop();
      for (const socket of sockets) socket.destroy();
      await app.close();
    },
  };
}

function factsOf(request: FastifyRequest, asked: ApiRequest): RequestFacts {
  const watch = asked.method === 'GET' && isTrue(asked.query.get('watch'));
  return { method: watch ? 'WATCH' : asked.method, url: decodeURIComponent(request.url), userAgent: asked.userAgent };
}
