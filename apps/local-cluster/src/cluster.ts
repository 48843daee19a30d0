// Store, API server and workloads put together: a cluster in one call.
import { writeFileSync } from 'node:fs';
import { createAudit } from './api/audit.ts';
import type { Audit } from './api/audit.ts';
import type { RestartOptions } from './api/control.ts';
import { controlEndpoints } from './api/control.ts';
import type { Faults } from './api/faults.ts';
import { createFaults } from './api/faults.ts';
import type { Api } from './api/serve.ts';
import { createApi } from './api/serve.ts';
import type { ApiServer } from './api/server.ts';
import { startServer } from './api/server.ts';
import type { OpenWatch } from './api/watch.ts';
import type { Clock } from './clock.ts';
import { realClock } from './clock.ts';
import type { LocalDataPlane } from './data-plane/local.ts';
import type { DataPlane, DataPlaneOptions } from './data-plane/start.ts';
import type { CustomDefinitions } from './registry/custom-definitions.ts';
import { followDefinitions } from './registry/custom-definitions.ts';
import type { LocalStore } from './storage/store.ts';
import { createStore } from './storage/store.ts';
import type { WorkloadOptions, Workloads } from './workloads/start.ts';
import { startWorkloads } from './workloads/start.ts';

export interface LocalClusterOptions {
  /** 0, a free one, if absent. */
  readonly port?: number;
  /** The machine's clock if absent. With a virtual one nothing happens until it is moved; HTTP goes on as it is. */
  readonly clock?: Clock;
  /** Writes of each resource that a watch can look back on; 10,000 if absent. */
  readonly watchWindow?: number;
  /** Between bookmarks of a watch; 10 s if absent. */
  readonly bookmarkEveryMs?: number;
  /** Added to each call, in real time; 0 if absent. */
  readonly latencyMs?: number;
  /** Pods, ReplicaSets, Jobs and so on; `false` leaves objects to lie as they are. */
  readonly workloads?: WorkloadOptions | false;
  /** A proxy that obeys the routes in the cluster, and pods that answer it; none if absent. */
  readonly dataPlane?: DataPlaneOptions | boolean;
}

export interface LocalCluster {
  /** For example `http://127.0.0.1:40123`; stays the same over restarts. */
  readonly url: string;
  /** Text, for a client of the given user (admin if absent), whose name then stands in the audit. */
  kubeconfig: string;
  kubeconfigFor(user: string): string;
  writeKubeconfig(path: string, user?: string): void;
  readonly store: LocalStore;
  readonly faults: Faults;
  readonly audit: Audit;
  /** Undefined when the cluster runs without. */
  readonly workloads: Workloads | undefined;
  /** Undefined when the cluster runs without. */
  readonly dataPlane: DataPlane | undefined;
  /** Breaks every connection and listens again on the same port, with what there was or as a new, empty cluster. */
  restart(options?: RestartOptions): Promise<void>;
  stop(): Promise<void>;
}

/** What lives as long as the data. */
interface Parts {
  readonly definitions: CustomDefinitions;
  readonly api: Api;
  readonly workloads: Workloads | undefined;
}

const HOST = '127.0.0.1';

export function kubeconfigText(url: string, user = 'admin'): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: local
    cluster:
      server: "${url}"
users:
  - name: ${user}
    user:
      token: "${user}-token"
contexts:
  - name: local
    context:
      cluster: local
      user: ${user}
      namespace: default
current-context: local
`;
}

function matching(watches: ReadonlySet<OpenWatch>, path: string | RegExp | undefined): OpenWatch[] {
  const expression = typeof path === 'string' ? new RegExp(path) : path;
  return [...watches].filter((w) => !expression || expression.test(`${w.request.path}?${w.request.query}`));
}

/** Resolves when it listens. */
export async function startLocalCluster(options: LocalClusterOptions = {}): Promise<LocalCluster> {
  const { clock = realClock(), bookmarkEveryMs = 10_000 } = options;
  const store = createStore({
    clock,
    ...(options.watchWindow === undefined ? {} : { watchWindow: options.watchWindow }),
  });
  const audit = createAudit();
  const watches = new Set<OpenWatch>();
  const faults = createFaults({
    dropWatches: (path) => matching(watches, path).map((w) => w.drop()).length,
    expireWatches: (path) => matching(watches, path).map((w) => w.expire()).length,
    compact: () => store.compact(),
  });
  faults.latencyMs = options.latencyMs ?? 0;
  let parts = startParts();
  let server = await listen(options.port ?? 0);
  const { port } = server;
  const url = `http://${HOST}:${port}`;
  const dataPlane = await startTraffic().catch(async (error: unknown) => {
    await stop();
    throw error;
  });

  async function startTraffic(): Promise<LocalDataPlane | undefined> {
    if (!options.dataPlane) return undefined;
    // Loaded only where it is used: most tests start a cluster without.
    const { startLocalDataPlane } = await import('./data-plane/local.ts');
    return startLocalDataPlane({ store, clock }, options.dataPlane === true ? {} : options.dataPlane);
  }

  async function stop(): Promise<void> {
    parts.workloads?.stop();
    parts.definitions.stop();
    await server.close();
  }

  function startParts(): Parts {
    const definitions = followDefinitions(store);
    const api = createApi({ store, definitions, audit, logs: (...pod) => parts.workloads?.logOf(...pod) });
    const workloads =
      options.workloads === false ? undefined : startWorkloads({ store, clock, options: options.workloads ?? {} });
    return { definitions, api, workloads };
  }

  function listen(onPort: number): Promise<ApiServer> {
    return startServer({
      api: parts.api,
      faults,
      control: controlEndpoints(faults, audit, restart),
      clock,
      bookmarkEveryMs,
      watches,
      host: HOST,
      port: onPort,
    });
  }

  async function restart({ keepData = true, downMs = 0, versions = 'continue' }: RestartOptions = {}): Promise<void> {
    await server.close();
    if (!keepData) {
      parts.workloads?.stop();
      parts.definitions.stop();
      store.reset(versions === 'continue' ? store.revision() + 1000 : 0);
      parts = startParts();
      dataPlane?.reread();
    }
    if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs));
    server = await listen(port);
  }

  return {
    url,
    kubeconfig: kubeconfigText(url),
    kubeconfigFor: (user) => kubeconfigText(url, user),
    writeKubeconfig: (path, user) => writeFileSync(path, kubeconfigText(url, user), { mode: 0o600 }),
    store,
    faults,
    audit,
    get workloads() {
      return parts.workloads;
    },
    dataPlane,
    restart,
    async stop() {
      await dataPlane?.stop();
      await stop();
    },
  };
}
