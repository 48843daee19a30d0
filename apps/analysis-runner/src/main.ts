import { createPluginHost, pluginList } from '@sluice/plugin-host';
import { createAccessReviewer, publishedBy } from '@sluice/kube';
import { callerTokens, clientOf, standingOf, standingOptions } from '@sluice/reconcile';
import { StartError, grpcHost, integer, kubeOptions, list, runService, serviceOptions, text } from '@sluice/service';
import type { Option } from '@sluice/service';
import { audienceOf, guardOf, guardOptions, tokenOptions } from '@sluice/service/identity';
import { clientTlsOf, clientTlsOptions, serverTlsOf, serverTlsOptions, warnOfPlaintext } from '@sluice/service/tls';
import { createRunnerMetrics } from './metrics.ts';
import { assembled, createSchedulerParts, createWorkerParts, defaultLimits } from './parts.ts';
import type { Role } from './parts.ts';
import { checkRedis } from './redis.ts';

const version = '0.1.0';
const roles = ['scheduler', 'worker'] as const;

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
    grpcHost: grpcHost(),
    grpcPort: integer('Its port; 0 takes a free one.', { default: 8095, min: 0, max: 65_535 }),
    ...serverTlsOptions(),
    ...clientTlsOptions(),
    ...guardOptions(),
    ...tokenOptions(),
    tlsWorkerNames: list(
      'Hand out measurements, which hold secret values, only to workers whose certificate is for one of these names; when empty, to whoever is served.',
    ),
    scheduler: list('Addresses of schedulers that a worker works for; its own where it is one itself.'),
    redisUrl: text(
      'Where hints for workers are kept: redis://HOST:PORT, with TLS rediss://…, or redis-sentinel://HOST:PORT,HOST:PORT/MASTER; nothing else is, and nothing that matters is lost with it.',
      { default: 'redis://127.0.0.1:6379', env: ['REDIS_URL'] },
    ),
    redisPrefix: text('What keys in Redis begin with; installations that share a Redis need different ones.', {
      default: 'sluice',
    }),
    redisCa: text('Authority (PEM file) of a rediss:// server; read again for each connection.'),
    redisPasswordFile: text('File whose first line is the password for Redis; read again for each connection.'),
    ...standingOptions(),
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
    const client = await clientOf(config, {
      userAgent: `sluice-analysis-runner/${version}`,
      logger,
      onCall: runnerMetrics.onCall,
    });
    const tls = clientTlsOf(config);
    const serverTls = isScheduler ? serverTlsOf(config, { callers: 'known', logger }) : undefined;
    if (isScheduler)
      warnOfPlaintext(serverTls, { host: config.grpcHost, holds: 'workers get secret values there', logger });
    const tokens = await callerTokens(config, client, logger);
    const audience = audienceOf('analysis-runner');
    const guard = isScheduler
      ? guardOf(config, {
          audiences: [audience],
          host: config.grpcHost,
          tls: serverTls,
          get: publishedBy(client),
          logger,
        })
      : undefined;
    const plugins = createPluginHost({
      client,
      namespaces: config.namespaces,
      systemNamespace: config.systemNamespace,
      configured: config.plugins,
      ...(tls !== undefined && { tls }),
      tokens,
      logger,
      metrics,
      callsAtOnce: config.measurements + 100,
    });
    const standing = standingOf(config);
    const { identity } = standing;
    const redisFiles = { caFile: config.redisCa, passwordFile: config.redisPasswordFile };
    checkRedis(config.redisUrl, redisFiles);
    const redis = { url: config.redisUrl, files: redisFiles, prefix: config.redisPrefix };
    const shared = { redis, identity, plugins, logger, metrics: runnerMetrics };
    const scheduler = isScheduler
      ? createSchedulerParts({
          ...shared,
          client,
          ...standing,
          grpc: {
            host: config.grpcHost,
            port: config.grpcPort,
            tls: serverTls,
            guard,
            workerNames: config.tlsWorkerNames,
          },
          reviewer: createAccessReviewer({
            ...(config.kubeconfig !== undefined && { kubeconfig: config.kubeconfig }),
            ...(config.context !== undefined && { context: config.context }),
          }),
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
      ? createWorkerParts({
          ...shared,
          schedulers: targets,
          tls,
          caller: tokens && { tokens, audience },
          atOnce: config.measurements,
        })
      : undefined;
    return assembled(plugins, scheduler, worker);
  },
});
