import { choice, duration, integer, list, text, toggle } from './option-types.ts';
import { logLevels } from './logging.ts';
import type { Option } from './option-types.ts';

/** What `runService` itself needs; spread into every service's options. */
export function serviceOptions(defaults: { readonly httpPort: number }) {
  return {
    logLevel: choice('Least severe level that is logged.', logLevels, { default: 'info' }),
    logFormat: choice('JSON for collectors, text for people.', ['json', 'text'], { default: 'json' }),
    httpHost: text('Address for health and metrics; 127.0.0.1 keeps them on this machine.', { default: '0.0.0.0' }),
    httpPort: integer('Port for health and metrics; 0 takes a free one.', {
      default: defaults.httpPort,
      min: 0,
      max: 65_535,
    }),
    announce: toggle('Print one line of JSON with the addresses on stdout when everything is ready.'),
    stopTimeoutMs: duration('Time to stop in after SIGTERM.', { default: '20s', minMs: 100 }),
  };
}

/** Where calls are served: for other machines in a pod, for this one alone elsewhere. */
export const grpcHost = (): Option<string> =>
  text('Address for calls; 127.0.0.1 keeps them on this machine. In a pod 0.0.0.0 when absent.', {
    default: (process.env['KUBERNETES_SERVICE_HOST'] ?? '') === '' ? '127.0.0.1' : '0.0.0.0',
  });

/** What a service that talks to Kubernetes needs besides. */
export function kubeOptions() {
  return {
    kubeconfig: text('Kubeconfig file; otherwise $KUBECONFIG, ~/.kube/config, or the pod it runs in.'),
    context: text('Context of the kubeconfig; otherwise its current one.'),
    namespaces: list('Namespaces to look after; all when empty.'),
    systemNamespace: text("Namespace of Sluice's own Leases and plugins.", {
      default: 'sluice-system',
      env: ['POD_NAMESPACE'],
    }),
    instanceId: text(
      'Look after objects with this label argo-rollouts-controller-instance-id only; without it, after those without the label.',
      { default: '' },
    ),
    kubeQps: integer('Calls a second to the API server; 0 is no limit besides its own.', { default: 0, min: 0 }),
    leaderElect: toggle('Work only while holding the Lease; with --no-leader-elect no other replica may run.', {
      default: true,
    }),
    leaseDurationMs: duration('Others may take the Lease when it was not renewed for so long.', {
      default: '15s',
      minMs: 1_000,
    }),
    leaseRenewDeadlineMs: duration('Stop working when the Lease could not be renewed for so long.', {
      default: '10s',
      minMs: 500,
    }),
    leaseRetryMs: duration('Time between tries to take or renew the Lease.', { default: '2s', minMs: 100 }),
  };
}
