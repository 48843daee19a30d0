import path from 'node:path';
import { createClient, isKubeError } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import { Failure } from '../first-stage/failure.mjs';
import { startOptions } from '../first-stage/options.mjs';
import type { StartOptions } from '../first-stage/options.mjs';
import type { Announcement } from './announcement.ts';
import { expectCustomResources, installCustomResources, routerCrds } from './custom-resources.ts';
import { startLocalCluster } from './local-cluster.ts';
import type { DataPlaneAddresses } from './local-cluster.ts';
import { startPrometheus } from './prometheus/prometheus.ts';
import { findOrStartRedis } from './redis.ts';
import { readScenario } from './scenario/format.ts';
import type { Scenario } from './scenario/format.ts';
import { showScenario } from './scenario/show.ts';
import type { Place } from './scenario/show.ts';
import { startServices, systemNamespaceOf } from './services.ts';
import { runSession } from './session.ts';
import type { Session } from './session.ts';

// npm start, second stage. See README.md.
const startedAt = Date.now();
const elapsed = () => (Date.now() - startedAt) / 1000;
const options = startOptions(process.argv.slice(2));

await runSession(options.servicesOnly ? 'stderr' : (temp) => path.join(temp, 'logs'), async (session) => {
  if (options.servicesOnly) {
    const running = await startAll(session, options.kubeconfig as string, options);
    console.log(JSON.stringify({ ready: true, services: running.services }));
    return untilStopped(session);
  }
  return startAndShow(session);
});

async function startAndShow(session: Session): Promise<number> {
  // The example is what a newcomer comes for; a cluster that somebody named gets one only when asked.
  const name = options.scenario ?? (options.kubeconfig ? undefined : 'canary-nginx');
  const scenario = name === undefined ? undefined : readScenario(name);
  // Pods of a cluster that somebody named answer for themselves, if they do.
  const cluster = options.kubeconfig
    ? { kubeconfig: options.kubeconfig, dataPlane: undefined }
    : await startLocalCluster(session, { dataPlane: true });
  // Examples route by them; in a cluster that somebody named they are that somebody's.
  if (!options.kubeconfig) await installRouterKinds(cluster.kubeconfig);
  const metrics = scenario?.needs.includes('prometheus')
    ? await metricsOf(session, scenario, cluster.dataPlane)
    : undefined;
  const running = await startAll(session, cluster.kubeconfig, {
    installCrds: options.installCrds || !options.kubeconfig,
    prometheusUrl: metrics?.url,
  });
  console.log(
    `Sluice is up after ${elapsed().toFixed(1)} s: ${running.services.map((service) => service.name).join(', ')}\n`,
  );
  const namespace = options.namespace ?? running.client.namespace;
  const place = { client: running.client, ...cluster, namespace };
  if (scenario) await showScenario(session, scenario, place, elapsed);
  if (options.exit) return 0;
  printWhatNext({ ...running, ...place, scenario });
  return untilStopped(session);
}

/** What clients get, as metrics. In a cluster that somebody named there are neither those clients nor the pods that answer them. */
async function metricsOf(session: Session, { name }: Scenario, dataPlane: DataPlaneAddresses | undefined) {
  if (!dataPlane)
    throw new Failure(
      `the scenario "${name}" measures what clients get of a cluster in memory: leave out --kubeconfig`,
    );
  const targets = [{ job: 'data-plane', url: `${dataPlane.statusUrl}/metrics` }];
  return startPrometheus(session, { targets, say: (line) => console.log(line), install: true });
}

async function installRouterKinds(kubeconfig: string): Promise<void> {
  const client = await createClient({ kubeconfig, userAgent: 'sluice-start' });
  await installCustomResources(client, [routerCrds]).finally(() => client.close());
}

interface Running {
  readonly client: KubeClient;
  readonly redisUrl: string;
  readonly prometheusUrl: string | undefined;
  readonly services: readonly Announcement[];
}

async function startAll(
  session: Session,
  kubeconfig: string,
  { installCrds, prometheusUrl }: Pick<StartOptions, 'installCrds'> & { readonly prometheusUrl?: string | undefined },
): Promise<Running> {
  const [client, redisUrl] = await Promise.all([
    clientOf(session, kubeconfig),
    findOrStartRedis(session, process.env['REDIS_URL']),
  ]);
  if (installCrds) await installCustomResources(client);
  // A script may apply them while the services start; a person is told.
  else if (!options.servicesOnly) await expectCustomResources(client);
  const systemNamespace = await systemNamespaceOf(client);
  const services = await startServices(session, {
    ...{ kubeconfig, redisUrl, systemNamespace },
    ...(prometheusUrl === undefined ? {} : { prometheusUrl }),
  });
  return { client, redisUrl, prometheusUrl, services };
}

// Looks at the cluster before anything is started on it: a wrong file or a server that is down is told in one line.
async function clientOf(session: Session, kubeconfig: string): Promise<KubeClient> {
  try {
    const client = await createClient({ kubeconfig, userAgent: 'sluice-start' });
    session.atEnd(() => client.close());
    await client.raw({ method: 'GET', path: '/version', timeoutMs: 10_000 });
    return client;
  } catch (error) {
    if (isKubeError(error))
      throw new Failure(`the cluster of ${kubeconfig} cannot be used: ${error.message}`, { cause: error });
    throw error;
  }
}

function printWhatNext(what: Running & Place & { readonly scenario: Scenario | undefined }): void {
  const addresses = what.services.flatMap(({ name, addresses }) =>
    Object.entries(addresses).map(([address, url]) => `  ${`${name} ${address}`.padEnd(28)} ${url}`),
  );
  const runner = what.services.find(({ name }) => name === 'analysis-runner')?.addresses['grpc'];
  const commands = what.scenario?.tryNext ?? ['list rollouts'];
  const flag = what.namespace === 'default' ? '' : ` -n ${what.namespace}`;
  console.log(
    [
      '',
      'Everything stays up until Ctrl-C. In another terminal, in this folder:',
      `  export KUBECONFIG=${what.kubeconfig}`,
      // sluice analysis try asks it.
      ...(runner === undefined ? [] : [`  export SLUICE_ANALYSIS_RUNNER=${runner}`]),
      ...commands.map((command) => `  npx sluice ${command}${flag}`),
      `  kubectl get rollouts,replicasets,pods${flag}`,
      '',
      'Addresses:',
      ...trafficAddresses(what),
      `  ${'Kubernetes API'.padEnd(28)} ${what.client.server}`,
      `  ${'Redis'.padEnd(28)} ${what.redisUrl.replace(/\/\/[^@/]*@/, '//')}`,
      ...(what.prometheusUrl === undefined ? [] : [`  ${'Prometheus'.padEnd(28)} ${what.prometheusUrl}`]),
      ...addresses,
    ].join('\n'),
  );
}

/** Some requests go on, so that what is tried next shows there too. */
function trafficAddresses({ dataPlane, namespace, scenario }: Place & { readonly scenario: Scenario | undefined }) {
  if (!dataPlane || !scenario) return [];
  const { url, statusUrl } = dataPlane;
  return [
    `  ${'Clients come to'.padEnd(28)} ${url}`,
    `  ${'What they get'.padEnd(28)} ${statusUrl}/split?rollout=${namespace}/${scenario.rollout}`,
    `  ${'The same for Prometheus'.padEnd(28)} ${statusUrl}/metrics`,
  ];
}

function untilStopped(session: Session): Promise<number> {
  // A timer keeps the process alive: waiting for nothing would end it.
  const timer = setInterval(() => {}, 60_000);
  return new Promise((resolve) => session.signal.addEventListener('abort', () => (clearInterval(timer), resolve(0))));
}
