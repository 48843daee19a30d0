import { metricForUse, secretArguments } from '@sluice/engine';
import type { Resolved } from '@sluice/engine';
import type { AnalysisRun, AnalysisRunSpec } from '@sluice/model';

/** A metric as a worker gets it. */
export interface PreparedMetric {
  readonly provider: string;
  readonly configJson: string;
  readonly metricJson: string;
  readonly successCondition: string;
  readonly failureCondition: string;
  readonly secretValues: readonly string[];
  /** Provider and address, for fairness. */
  readonly target: string;
  readonly deadlineMs: number;
}

/** A spec is the same object until it changes, and is measured many times. */
const known = new WeakMap<AnalysisRunSpec, Map<string, Resolved<PreparedMetric>>>();

/** `secretValues` by name of the argument. What holds a secret is prepared for this one use and not kept. */
export function prepareMetric(
  run: AnalysisRun,
  name: string,
  secretValues: Readonly<Record<string, string>> | undefined,
): Resolved<PreparedMetric> {
  if (secretArguments(run).length > 0) return prepare(run, name, secretValues ?? {});
  const metrics = known.get(run.spec) ?? new Map<string, Resolved<PreparedMetric>>();
  known.set(run.spec, metrics);
  let prepared = metrics.get(name);
  if (prepared === undefined) metrics.set(name, (prepared = prepare(run, name, {})));
  return prepared;
}

function prepare(
  run: AnalysisRun,
  name: string,
  secretValues: Readonly<Record<string, string>>,
): Resolved<PreparedMetric> {
  const use = metricForUse(run, name, secretValues);
  if (!use.ok) return use;
  const { metric, provider, config } = use.value;
  const fields = (config ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ok: true,
    value: {
      provider,
      configJson: JSON.stringify(config ?? {}),
      metricJson: JSON.stringify(metric),
      successCondition: metric.successCondition ?? '',
      failureCondition: metric.failureCondition ?? '',
      secretValues: use.value.secretValues,
      target: `${provider} ${originOf(fields)}`,
      deadlineMs: deadlineOf(fields),
    },
  };
}

/** Providers name what they ask `address` or `url`; where nothing is named, all measurements of the provider share one target. */
function originOf(config: Readonly<Record<string, unknown>>): string {
  const address = config['address'] ?? config['url'];
  if (typeof address !== 'string') return '';
  return URL.parse(address)?.origin ?? '';
}

const standardDeadlineMs = 60_000;
const longestDeadlineMs = 600_000;
const ownTimeMs = 15_000;

/** A provider ends by itself within the time that its configuration gives it; this is for those that do not. */
function deadlineOf(config: Readonly<Record<string, unknown>>): number {
  const seconds = Number(config['timeout'] ?? config['timeoutSeconds'] ?? 0);
  if (!(seconds > 0)) return standardDeadlineMs;
  return Math.min(longestDeadlineMs, Math.max(standardDeadlineMs, seconds * 1_000 + ownTimeMs));
}
