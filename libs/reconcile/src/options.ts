import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createClient } from '@sluice/kube';
import type { AuthorityOptions, CallObservation, KubeClient, KubeLogger } from '@sluice/kube';
import { integer, list } from '@sluice/service';
import type { Config, kubeOptions } from '@sluice/service';

/** How replicas share the work, and whom they keep clear of; spread into the options of a service that writes, beside `kubeOptions`. */
export function standingOptions() {
  return {
    foreignLeaseNamespace: list(
      'Where another controller of this API may keep its Lease: while it is live, this one only observes. "none" if there is no other; the system namespace is looked at as well.',
      { default: ['argo-rollouts'] },
    ),
    shards: integer(
      'Into how many parts the objects are cut: so many replicas can work at once, the others stand by. The same everywhere.',
      { default: 1, min: 1, max: 64 },
    ),
  };
}

type KubeConfig = Config<ReturnType<typeof kubeOptions>>;
type StandingConfig = KubeConfig & Config<ReturnType<typeof standingOptions>>;

/** What the flags say about this replica's standing. Its identity is new for each start. */
export function standingOf(
  config: StandingConfig,
): Omit<AuthorityOptions, 'client' | 'logger' | 'onChange' | 'service'> & { readonly namespaces: readonly string[] } {
  const expectsNobody = config.foreignLeaseNamespace.includes('none');
  return {
    namespaces: config.namespaces,
    systemNamespace: config.systemNamespace,
    instanceId: config.instanceId,
    identity: `${hostname()}_${randomUUID()}`,
    leaderElect: config.leaderElect,
    shards: config.shards,
    leaseDurationMs: config.leaseDurationMs,
    renewDeadlineMs: config.leaseRenewDeadlineMs,
    retryPeriodMs: config.leaseRetryMs,
    foreignNamespaces: expectsNobody ? [] : [...config.foreignLeaseNamespace, config.systemNamespace],
  };
}

export interface ClientOf {
  /** `sluice-<service>/<version>`. */
  readonly userAgent: string;
  readonly logger: KubeLogger;
  readonly onCall?: (call: CallObservation) => void;
}

/** The client that the flags describe; says in the log which cluster it serves. */
export async function clientOf(config: KubeConfig, { userAgent, logger, onCall }: ClientOf): Promise<KubeClient> {
  const client = await createClient({
    userAgent,
    ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
    ...(config.context === undefined ? {} : { context: config.context }),
    ...(config.kubeQps === 0 ? {} : { qps: config.kubeQps }),
    ...(onCall === undefined ? {} : { onCall }),
  });
  logger.info({ server: client.server, source: client.source, instanceId: config.instanceId }, 'serving this cluster');
  return client;
}
