import path from 'node:path';
import { createClient, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { root } from '../first-stage/workspace.mjs';
import { readAnnouncement } from './announcement.ts';
import { callersNamespace, issueIdentities } from './identities.ts';
import type { Identities } from './identities.ts';
import type { Announcement } from './announcement.ts';
import type { Session } from './session.ts';

/** What every service is told when it is started. */
export interface Surroundings {
  /** Path of the kubeconfig of the cluster to serve. */
  readonly kubeconfig: string;
  /** Where each service is a user of its own: its kubeconfig. */
  readonly kubeconfigOf?: (service: string) => string;
  /** Reaches the services as $REDIS_URL. */
  readonly redisUrl: string;
  /** A Prometheus that the provider asks where a metric names none. */
  readonly prometheusUrl?: string;
  /** Where the services keep their Leases. */
  readonly systemNamespace: string;
  /** Addresses of plugins, as the services' flag --plugins wants them. */
  readonly plugins?: string;
  /** By which keys callers are checked, and what each service shows; absent: each serves this machine without asking. */
  readonly identities?: Identities;
  /** By name: where the services that run already serve gRPC. */
  readonly peers?: Readonly<Record<string, string>>;
}

export interface Service {
  readonly name: string;
  /** What Node runs: a path inside the repository, or an absolute one. */
  readonly script: string;
  readonly args: (surroundings: Surroundings) => readonly string[];
  /** Room for young objects: a service through which much passes collects all the time with the 4 that suffice otherwise. */
  readonly youngMiB?: number;
}

const kubeArgs = ({ kubeconfig, systemNamespace }: Surroundings) => [
  ...['--kubeconfig', kubeconfig, '--system-namespace', systemNamespace],
  ...['--http-host', '127.0.0.1', '--http-port', '0'],
];

const callArgs = ({ identities }: Surroundings) => [
  ...['--grpc-host', '127.0.0.1', '--grpc-port', '0'],
  ...(identities ? ['--auth-keys', identities.keysFile, '--callers-namespace', callersNamespace] : []),
];

const tokenArgs = ({ identities }: Surroundings, service: string) =>
  identities ? ['--token-dir', identities.tokenDirOf(service)] : [];

const pluginArgs = (surroundings: Surroundings) => [
  ...['--kubeconfig', surroundings.kubeconfig, '--http-host', '127.0.0.1', '--http-port', '0'],
  ...callArgs(surroundings),
];

/** A plugin, under the names that it has in manifests. */
export interface Plugin extends Service {
  readonly type: 'router' | 'metric' | 'step';
  readonly knownAs: string;
}

const router = (folder: string, knownAs: string): Plugin => ({
  name: `router-${folder}`,
  script: `apps/plugins/router-${folder}/src/main.ts`,
  args: pluginArgs,
  type: 'router',
  knownAs,
});

const metric = (knownAs: string): Plugin => ({
  name: `metric-${knownAs}`,
  script: `apps/plugins/metric-${knownAs}/src/main.ts`,
  args: pluginArgs,
  type: 'metric',
  knownAs,
});

export const plugins: readonly Plugin[] = [
  router('nginx', 'nginx'),
  router('istio', 'istio'),
  router('gateway-api', 'argoproj-labs/gatewayAPI'),
  metric('job'),
  metric('web'),
  metric('prometheus'),
];

const peerArgs = ({ peers = {} }: Surroundings, ...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => (peers[name] === undefined ? [] : [`--${name}`, peers[name]]));

/**
 * The services that make up a running Sluice, besides its plugins. Each prints an announcement when it is ready; they are started in this order, so that each can be told
 * where those before it are.
 */
export const services: readonly Service[] = [
  {
    name: 'analysis-runner',
    script: 'apps/analysis-runner/src/main.ts',
    args: (surroundings) => [
      ...kubeArgs(surroundings),
      ...['--plugins', surroundings.plugins ?? ''],
      ...['--role', 'scheduler,worker', ...callArgs(surroundings), ...tokenArgs(surroundings, 'analysis-runner')],
    ],
    youngMiB: 16,
  },
  {
    name: 'experiment-manager',
    script: 'apps/experiment-manager/src/main.ts',
    args: (surroundings) => [
      ...kubeArgs(surroundings),
      ...callArgs(surroundings),
      ...tokenArgs(surroundings, 'experiment-manager'),
      ...peerArgs(surroundings, 'analysis-runner'),
    ],
  },
  {
    name: 'rollout-controller',
    script: 'apps/rollout-controller/src/main.ts',
    args: (surroundings) => [
      ...kubeArgs(surroundings),
      ...['--plugins', surroundings.plugins ?? ''],
      ...tokenArgs(surroundings, 'rollout-controller'),
      ...peerArgs(surroundings, 'analysis-runner', 'experiment-manager'),
    ],
  },
];

/** Starts the plugins, then the services with their addresses; answers when all are ready, services first. */
export async function startServices(
  session: Session,
  given: Surroundings,
  list: readonly Service[] = services,
  pluginList: readonly Plugin[] = plugins,
): Promise<Announcement[]> {
  const surroundings = { ...given, identities: given.identities ?? (await issueIdentities(session, pluginList)) };
  const announced = await startAll(session, surroundings, pluginList);
  const addresses = pluginList.map(
    ({ type, knownAs }, index) => `${type}:${knownAs}=${announced[index]?.addresses['grpc']}`,
  );
  const running: Announcement[] = [];
  const peers: Record<string, string> = {};
  for (const service of list) {
    const told = { ...surroundings, plugins: addresses.join(';'), peers: { ...peers } };
    const [announcement] = await startAll(session, told, [service]);
    if (announcement === undefined) continue;
    running.push(announcement);
    const address = announcement.addresses['grpc'];
    if (address !== undefined) peers[service.name] = address;
  }
  return [...running, ...announced];
}

/** Starts them all at once and answers when all are ready, in the order of the list. */
function startAll(session: Session, surroundings: Surroundings, list: readonly Service[]): Promise<Announcement[]> {
  return Promise.all(
    list.map(async (service) => {
      const kubeconfig = surroundings.kubeconfigOf?.(service.name) ?? surroundings.kubeconfig;
      const child = await session.children.start({
        name: service.name,
        command: process.execPath,
        args: [
          `--max-semi-space-size=${service.youngMiB ?? 4}`,
          path.resolve(root, service.script),
          ...service.args({ ...surroundings, kubeconfig }),
          '--announce',
        ],
        env: environmentOf(surroundings),
        ready: readAnnouncement,
      });
      return child.ready;
    }),
  );
}

function environmentOf({ redisUrl, prometheusUrl }: Surroundings): Record<string, string> {
  return {
    REDIS_URL: redisUrl,
    ...(prometheusUrl === undefined ? {} : { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: prometheusUrl }),
  };
}

const SYSTEM_NAMESPACE = 'sluice-system';

/**
 * Where services that are started here keep their Leases: where an installed Sluice keeps them, so that only one of the two acts.
 * A cluster without that namespace has no installed Sluice; there it is kube-system, because nothing is created that nobody asked for.
 */
export async function systemNamespaceOf(client: KubeClient): Promise<string> {
  const installed = await client.find(resources.namespaces, { name: SYSTEM_NAMESPACE });
  return installed ? SYSTEM_NAMESPACE : 'kube-system';
}

/** As `startServices`, for a caller that has only kubeconfigs; `kubeconfigOf` is for services that are users of their own. */
export async function startServicesOn(
  session: Session,
  cluster: Pick<Surroundings, 'kubeconfig' | 'kubeconfigOf' | 'prometheusUrl'>,
  redisUrl: string,
  list?: readonly Service[],
  pluginList?: readonly Plugin[],
): Promise<Announcement[]> {
  const client = await createClient({ kubeconfig: cluster.kubeconfig, userAgent: 'sluice-start' });
  try {
    const systemNamespace = await systemNamespaceOf(client);
    return await startServices(session, { ...cluster, redisUrl, systemNamespace }, list, pluginList);
  } finally {
    client.close();
  }
}
