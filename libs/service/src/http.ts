import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { StartError } from './lifecycle.ts';
import type { Metrics } from './metrics.ts';

/** True when all is well, or the reason why not. */
export type Check = () => boolean | string | Promise<boolean | string>;
export type Checks = Readonly<Record<string, Check>>;

export interface StatusServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly metrics: Metrics;
  /** `/healthz`: would a restart help? */
  readonly live?: Checks;
  /** `/readyz`: can it work? */
  readonly ready?: Checks;
}

export interface StatusServer {
  /** For a service's own routes; add them before start. */
  readonly app: FastifyInstance;
  /** Resolves with the address, e.g. `http://127.0.0.1:41234`. Throws StartError when the port is taken. */
  start(): Promise<string>;
  stop(): Promise<void>;
}

/** A small HTTP server with /healthz, /readyz and /metrics. */
export function createStatusServer(options: StatusServerOptions): StatusServer {
  const { host, port, metrics } = options;
  const app = fastify({ logger: false, forceCloseConnections: true });
  const answer = (path: string, checks: Checks): void => {
    app.get(path, async (_request, reply) => {
      const failing = await failingChecks(checks);
      return reply
        .code(failing.length === 0 ? 200 : 503)
        .send(failing.length === 0 ? { ok: true } : { ok: false, failing });
    });
  };
  answer('/healthz', options.live ?? {});
  answer('/readyz', options.ready ?? {});
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  return {
    app,
    async start() {
      try {
        await app.listen({ host, port });
      } catch (cause) {
        throw portError(cause as NodeJS.ErrnoException, host, port);
      }
      const bound = app.server.address();
      const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
      // 0.0.0.0 is where it listens, not where it can be reached.
      const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
      return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${actual}`;
    },
    stop: () => app.close(),
  };
}

async function failingChecks(checks: Checks): Promise<{ check: string; reason: string }[]> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([check, run]) => {
      try {
        const result = await run();
        return result === true ? undefined : { check, reason: result === false ? 'failed' : result };
      } catch (error) {
        return { check, reason: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
  return results.filter((result) => result !== undefined);
}

function portError(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host}:${port}`;
  if (cause.code === 'EADDRINUSE')
    return new StartError(
      `${where} is taken by another program. Choose another port with --http-port (0 takes a free one).`,
      cause,
    );
  if (cause.code === 'EACCES')
    return new StartError(`${where} may not be used by this user. Choose a port above 1023 with --http-port.`, cause);
  if (cause.code === 'EADDRNOTAVAIL')
    return new StartError(`${host} is not an address of this machine. Choose another with --http-host.`, cause);
  return new StartError(`cannot listen on ${where}: ${cause.message}`, cause);
}
