import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createClient } from '@sluice/kube';
import { configuredPlugin, createPluginHost } from '@sluice/plugin-host';
import type { ConfiguredPlugin } from '@sluice/plugin-host';
import { StartError, integer, kubeOptions, list, runService, serviceOptions, text } from '@sluice/service';
import type { Option } from '@sluice/service';
import { createRunnerMetrics } from './metrics.ts';
import { assembled, createSchedulerParts, createWorkerParts, defaultLimits } from './parts.ts';
import type { Role } from './parts.ts';

const version = '0.1.0';
const roles = ['scheduler', 'worker'] as const;

function pluginList(describe: string): Option<readonly ConfiguredPlugin[]> {
  return {
    describe,
    placeholder: 'TYPE:NAME=ADDRESS;…',
    fallback: [],
    parse: (value) =>
      value
        .split(';')
        .filter((part) => part.trim() !== '')
        .map((part) => configuredPlugin(part.trim())),
  };
}

function roleList(): Option<readonly Role[]> {
  return {
    describe: 'What this process does; both where one process is enough.',
    placeholder: 'ROLE,ROLE',
    fallback: roles,
    shown: roles.join(','),
    parse(value) {
      const given = value.split(',').map((part) => part.trim());
      const unknown = given.find((part) => !roles.some((role) => role === part));
      if (unknown !== undefined) throw new Error(`write scheduler, worker or scheduler,worker; not "${unknown}"`);
      return given as Role[];
    },
  };
}

await runService({
  name: 'analysis-runner',
  summary: 'Measures: AnalysisRuns, their scheduler and its workers.',
  options: {
    ...serviceOptions({ httpPort: 8090 }),
    ...kubeOptions(),
    role: roleList(),
    grpcHost: text(
      'Address that the scheduler serves workers and other services on; 127.0.0.1 keeps it on this machine.',
      { default: '0.0.0.0' },
    ),
    grpcPort: integer('Its port; 0 takes a free one.', { default: 8095, min: 0, max: 65_535 }),
    scheduler: list('Addresses of schedulers that a worker works for; its own where it is one itself.'),
    redisUrl: text('Where hints for workers are kept; nothing else is, and nothing that matters is lost with it.', {
      default: 'redis://127.0.0.1:6379',
      env: ['REDIS_URL'],
    }),
    foreignLeaseNamespace: list(
      'Where another controller of this API may keep its Lease: while it is live, this one only observes. "none" if there is no other; the system namespace is looked at as well.',
      { default: ['argo-rollouts'] },
    ),
    shards: integer('Into how many parts the runs are cut: so many schedulers can work at once. The same everywhere.', {
      default: 1,
      min: 1,
      max: 64,
    }),
    plugins: pluginList('Plugins at fixed addresses, beside those found as Services: metric:web=127.0.0.1:8093;…'),
    inFlight: integer('Measurements that are offered to workers or taken by them at once.', {
      default: defaultLimits.inFlight,
      min: 1,
    }),
    namespaceLimit: integer('The same, of one namespace.', { default: defaultLimits.perNamespace, min: 1 }),
    addressLimit: integer('The same, for one provider and address.', { default: defaultLimits.perTarget, min: 1 }),
    batch: integer('Measurements in one hint at most.', { default: defaultLimits.perHint, min: 1, max: 500 }),
    statusWrites: integer('Writes of statuses a second; changed verdicts are written in any case.', {
      default: 80,
      min: 1,
    }),
    measurements: integer('Measurements that a worker carries out at once.', { default: 500, min: 1 }),
  },
  assemble: async ({ config, logger, metrics }) => {
    const runnerMetrics = createRunnerMetrics(metrics);
    const isScheduler = config.role.includes('scheduler');
    const client = await createClient({
      userAgent: `sluice-analysis-runner/${version}`,
      ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
      ...(config.context === undefined ? {} : { context: config.context }),
      ...(config.kubeQps === 0 ? {} : { qps: config.kubeQps }),
      onCall: runnerMetrics.onCall,
    });
    logger.info({ server: client.server, source: client.source, roles: config.role }, 'serving this cluster');
    const plugins = createPluginHost({
      client,
      namespaces: config.namespaces,
      systemNamespace: config.systemNamespace,
      configured: config.plugins,
      logger,
      metrics,
      callsAtOnce: config.measurements + 100,
    });
    const identity = `${hostname()}_${randomUUID()}`;
    const shared = { redisUrl: config.redisUrl, identity, plugins, logger, metrics: runnerMetrics };
    const expectsNobody = config.foreignLeaseNamespace.includes('none');
    const scheduler = isScheduler
      ? createSchedulerParts({
          ...shared,
          client,
          namespaces: config.namespaces,
          systemNamespace: config.systemNamespace,
          instanceId: config.instanceId,
          leaderElect: config.leaderElect,
          leaseDurationMs: config.leaseDurationMs,
          renewDeadlineMs: config.leaseRenewDeadlineMs,
          retryPeriodMs: config.leaseRetryMs,
          foreignNamespaces: expectsNobody ? [] : [...config.foreignLeaseNamespace, config.systemNamespace],
          shards: config.shards,
          grpc: { host: config.grpcHost, port: config.grpcPort },
          limits: {
            inFlight: config.inFlight,
            perNamespace: config.namespaceLimit,
            perTarget: config.addressLimit,
            perHint: config.batch,
          },
          writesPerSecond: config.statusWrites,
        })
      : undefined;
    const targets = (): readonly string[] => [
      ...config.scheduler,
      ...(scheduler === undefined ? [] : [scheduler.address()]),
    ];
    if (config.role.includes('worker') && !isScheduler && config.scheduler.length === 0)
      throw new StartError('a worker needs to know for whom it works: --scheduler HOST:PORT');
    const worker = config.role.includes('worker')
      ? createWorkerParts({ ...shared, schedulers: targets, atOnce: config.measurements })
      : undefined;
    return assembled(plugins, scheduler, worker);
  },
});
