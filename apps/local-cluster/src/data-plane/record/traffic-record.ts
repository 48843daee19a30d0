// Everything that is counted: what clients got, what failed, and why.
import type { ClusterObjects, WritableObjects } from '../objects/cluster-objects.ts';
import { podTemplateHashLabel } from '../objects/shapes.ts';
import { hashOf, rolloutOfPod, versionOf } from '../pods/identity.ts';
import type { Outcome } from '../proxy/proxy.ts';
import type { Failures } from './failures.ts';
import { createFailureLog, failedRequest } from './failures.ts';
import type { Split } from './split.ts';
import { splitOf, tallyKeys } from './split.ts';
import type { TrafficMetrics } from './traffic-metrics.ts';
import { createTrafficMetrics } from './traffic-metrics.ts';
import { addAnswer, createWindow, historySeconds } from './window.ts';

/** Since the start. Mirrored copies are not among them. */
export interface Totals {
  /** Every request that a client sent. */
  readonly requests: number;
  /** Those that a pod answered, with whatever status. */
  readonly answered: number;
  /** Redirects and direct responses. */
  readonly byProxy: number;
  readonly failed: number;
  readonly avoidable: number;
  /** Requests by the kind of object that routed them. */
  readonly byVia: Readonly<Record<string, number>>;
  /** Answers by version, `namespace/rollout version`. */
  readonly byVersion: Readonly<Record<string, number>>;
}

export interface TrafficRecord {
  add(outcome: Outcome): void;
  totals(): Totals;
  failures(): Failures;
  /** Undefined when there is no such Rollout (`namespace/name`). `seconds` from 1 to `historySeconds`. */
  split(rollout: string, seconds: number): Split | undefined;
  readonly metrics: TrafficMetrics;
  stop(): void;
}

export function createTrafficRecord(
  objects: ClusterObjects & Pick<WritableObjects, 'onChange'>,
  nowMs: () => number,
): TrafficRecord {
  const window = createWindow(nowMs);
  const log = createFailureLog();
  const metrics = createTrafficMetrics();
  const byVia = new Map<string, number>();
  const byVersion = new Map<string, number>();
  let answered = 0;
  let byProxy = 0;
  const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

  function addAnswered(outcome: Extract<Outcome, { kind: 'answered' }>): void {
    const { pod, status, ms, mirrored, route } = outcome;
    metrics.answered(outcome);
    const version = versionOf(pod);
    const rollout = rolloutOfPod(objects, pod);
    if (rollout !== undefined)
      addAnswer(window.now(tallyKeys.version(rollout, mirrored, version, hashOf(pod))), status, ms);
    if (mirrored) return;
    answered++;
    count(byVia, route.via);
    count(byVersion, `${rollout ?? pod.metadata.namespace ?? ''} ${version}`);
  }

  function addFailed(outcome: Extract<Outcome, { kind: 'no-route' | 'unserved' | 'lost' }>): void {
    const failed = failedRequest(objects, outcome, nowMs());
    if (outcome.kind !== 'no-route' && outcome.mirrored) return metrics.mirrorFailed(failed);
    if (outcome.kind !== 'no-route')
      count(byVia, (outcome.kind === 'lost' ? outcome.route : outcome.unserved.route).via);
    metrics.failed(failed, statusOf[outcome.kind]);
    log.add(failed);
    for (const rollout of failed.rollouts) {
      window.now(tallyKeys.failed(rollout)).requests++;
      if (failed.avoidable) window.now(tallyKeys.avoidable(rollout)).requests++;
    }
  }

  const unsubscribe = objects.onChange((kind, now, before) => {
    if (now || !before) return;
    const { namespace = '', name, labels } = before.metadata;
    if (kind === 'services') metrics.forget({ namespace, service: name });
    const hash = kind === 'replicasets' ? labels?.[podTemplateHashLabel] : undefined;
    if (hash !== undefined) metrics.forget({ namespace, pod_template_hash: hash });
  });

  return {
    add(outcome) {
      if (outcome.kind === 'answered') return addAnswered(outcome);
      if (outcome.kind !== 'by-proxy') return addFailed(outcome);
      byProxy++;
      count(byVia, outcome.route.via);
    },
    totals() {
      const { total: failed, avoidable } = log.read();
      const requests = answered + byProxy + failed;
      const sums = { byVia: Object.fromEntries(byVia), byVersion: Object.fromEntries(byVersion) };
      return { requests, answered, byProxy, failed, avoidable, ...sums };
    },
    failures: () => log.read(),
    split: (rollout, seconds) => splitOf(objects, rollout, seconds, window.last(Math.min(seconds, historySeconds))),
    metrics,
    stop: unsubscribe,
  };
}

const statusOf = { 'no-route': 404, unserved: 503, lost: 502 } as const;
