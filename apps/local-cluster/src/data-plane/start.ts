// The data plane put together: what follows the objects is the caller's.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Entrance } from './entrances.ts';
import { entrancesOf } from './entrances.ts';
import type { WritableObjects } from './objects/cluster-objects.ts';
import { createPodServers } from './pods/pod-servers.ts';
import { createProxy } from './proxy/proxy.ts';
import { createUpstream } from './proxy/upstream.ts';
import type { Failures } from './record/failures.ts';
import type { Split } from './record/split.ts';
import type { Totals } from './record/traffic-record.ts';
import { createTrafficRecord } from './record/traffic-record.ts';
import { createRouteTable } from './routing/table.ts';
import { startStatusServer } from './status/server.ts';

export interface DataPlaneOptions {
  /** Where clients send their requests; a free port if absent. */
  readonly port?: number;
  /** Where /metrics, /split, /entrances and /report are; a free port if absent. */
  readonly statusPort?: number;
}

export interface DataPlaneReport {
  readonly totals: Totals;
  readonly failures: Failures;
}

export interface DataPlane {
  /** Clients send their requests here and say the host in the Host header. */
  readonly url: string;
  readonly statusUrl: string;
  /** Everything since the start. */
  report(): DataPlaneReport;
  /** What clients got of a Rollout (`namespace/name`) in the last `seconds`; undefined when there is none. */
  split(rollout: string, seconds: number): Split | undefined;
  /** Requests that lead to a Rollout's pods (`namespace/name`). */
  entrances(rollout: string): readonly Entrance[];
  /** Ends the proxy and every pod's server; requests that are under way are cut off. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
// Longer than clients pause: a connection that ends as its next request comes would look like a failure.
const keepAliveMs = 60_000;

/** Listens on loopback only. `nowMs` dates what is counted. */
export async function startDataPlane(
  objects: WritableObjects,
  nowMs: () => number,
  options: DataPlaneOptions = {},
): Promise<DataPlane> {
  const table = createRouteTable(objects);
  const unsubscribe = objects.onChange((kind, now, before) =>
    table.changed(kind, (now ?? before)?.metadata.namespace ?? ''),
  );
  const record = createTrafficRecord(objects, nowMs);
  const pods = createPodServers(objects, host);
  const upstream = createUpstream(host);
  const server = http.createServer(createProxy({ objects, table, pods, upstream, onOutcome: record.add }));
  server.keepAliveTimeout = keepAliveMs;
  await listen(server, options.port ?? 0);
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  const entrances = (rollout: string): Entrance[] => {
    const [namespace = '', name = ''] = rollout.split('/');
    return entrancesOf(objects, table, { namespace, name });
  };
  const close = (): void => {
    unsubscribe();
    record.stop();
    server.close();
    server.closeAllConnections();
    upstream.stop();
    pods.stop();
  };
  const status = await startStatusServer({ record, entrances, url, host, port: options.statusPort ?? 0 }).catch(
    (error: unknown) => {
      close();
      throw error;
    },
  );
  return {
    url,
    statusUrl: status.url,
    report: () => ({ totals: record.totals(), failures: record.failures() }),
    split: record.split,
    entrances,
    async stop() {
      close();
      await status.stop();
    },
  };
}

function listen(server: http.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
