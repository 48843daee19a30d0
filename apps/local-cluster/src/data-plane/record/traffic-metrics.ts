// The traffic as Prometheus metrics, under names that people's queries already have.
import type { Metrics } from '@sluice/service';
import { createMetrics } from '@sluice/service';
import { hashOf, versionOf } from '../pods/identity.ts';
import type { Outcome } from '../proxy/proxy.ts';
import type { FailedRequest } from './failures.ts';

export interface TrafficMetrics {
  readonly registry: Metrics['registry'];
  answered(outcome: Extract<Outcome, { kind: 'answered' }>): void;
  failed(failed: FailedRequest, status: number): void;
  mirrorFailed(failed: FailedRequest): void;
  /** Drops the series of a version, or of a Service, that is gone. */
  forget(labels: Readonly<Record<string, string>>): void;
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createTrafficMetrics(): TrafficMetrics {
  const metrics = createMetrics({ processMetrics: false });
  const requests = metrics.counter({
    name: 'http_requests_total',
    prefix: '',
    help: 'Requests of clients by the Service that they were sent to, and the version (image tag) and pod template hash of the pod that answered; both are empty when none did.',
    labels: ['namespace', 'service', 'version', 'pod_template_hash', 'code'],
  });
  const durations = metrics.histogram({
    name: 'http_request_duration_seconds',
    prefix: '',
    help: 'Time until a pod had answered, as the client of the data plane saw it.',
    labels: ['namespace', 'service', 'version', 'pod_template_hash'],
    buckets: seconds,
  });
  const mirrored = metrics.counter({
    name: 'http_mirrored_requests_total',
    prefix: '',
    help: 'Copies of requests by the version that got them; code is empty when no pod answered.',
    labels: ['namespace', 'service', 'version', 'pod_template_hash', 'code'],
  });
  const failures = metrics.counter({
    name: 'data_plane_failed_requests_total',
    prefix: '',
    help: 'Requests that no pod answered. avoidable="true": another version had ready pods.',
    labels: ['namespace', 'service', 'reason', 'avoidable'],
  });
  const nobody = (destination: string | undefined, code: string) => {
    const [namespace = '', service = ''] = (destination ?? '').split(/[/,]/);
    return { namespace, service, version: '', pod_template_hash: '', code };
  };

  return {
    registry: metrics.registry,
    answered({ backend: { namespace, service }, pod, status, ms, mirrored: copy }) {
      const labels = { namespace, service, version: versionOf(pod), pod_template_hash: hashOf(pod) };
      (copy ? mirrored : requests).inc({ ...labels, code: String(status) });
      if (!copy) durations.observe(labels, ms / 1000);
    },
    failed({ destination, reason, avoidable }, status) {
      const labels = nobody(destination, String(status));
      requests.inc(labels);
      const { namespace, service } = labels;
      failures.inc({ namespace, service, reason, avoidable: String(avoidable) });
    },
    mirrorFailed: ({ destination }) => mirrored.inc(nobody(destination, '')),
    forget: (labels) => void metrics.forget(labels),
  };
}
