// What the data plane tells of itself, on an address of its own, so that no path of an application is taken.
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import type { Entrance } from '../entrances.ts';
import type { TrafficRecord } from '../record/traffic-record.ts';
import { historySeconds } from '../record/window.ts';

export interface StatusServerOptions {
  readonly record: TrafficRecord;
  readonly entrances: (rollout: string) => readonly Entrance[];
  /** Where clients send their requests. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

export interface StatusServer {
  readonly url: string;
  stop(): Promise<void>;
}

const defaultSeconds = 10;

interface RolloutQuery {
  readonly rollout?: string;
  readonly seconds?: string;
}

const hint = 'name a Rollout: ?rollout=NAMESPACE/NAME';

export async function startStatusServer({
  record,
  entrances,
  url,
  host,
  port,
}: StatusServerOptions): Promise<StatusServer> {
  const app = fastify({ forceCloseConnections: true });
  app.get('/', () => ({
    url,
    paths: ['/metrics', '/split?rollout=NS/NAME&seconds=10', '/entrances?rollout=NS/NAME', '/report'],
  }));
  app.get('/metrics', async (_request, reply) => {
    const { registry } = record.metrics;
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  app.get('/report', () => ({ totals: record.totals(), failures: record.failures() }));
  app.get<{ Querystring: RolloutQuery }>('/entrances', (request, reply) => {
    const { rollout } = request.query;
    return rollout ? { url, entrances: entrances(rollout) } : reply.code(400).send({ message: hint });
  });
  app.get<{ Querystring: RolloutQuery }>('/split', (request, reply) => {
    const { rollout, seconds = String(defaultSeconds) } = request.query;
    if (!rollout) return reply.code(400).send({ message: hint });
    if (!/^[1-9]\d*$/.test(seconds) || Number(seconds) > historySeconds)
      return reply.code(400).send({ message: `seconds=${seconds}: a whole number from 1 to ${historySeconds}` });
    return (
      record.split(rollout, Number(seconds)) ?? reply.code(404).send({ message: `there is no Rollout ${rollout}` })
    );
  });
  await app.listen({ host, port });
  return { url: `http://${host}:${(app.server.address() as AddressInfo).port}`, stop: () => app.close() };
}
