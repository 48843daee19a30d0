import type { AnalysisRun, Metric } from '@sluice/model';
import { providersOf } from '../analysis-run/validate.ts';
import { resolved, unresolved } from './result.ts';
import type { Resolved } from './result.ts';
import { argumentValues, secretArguments } from './run-arguments.ts';
import { substituteArguments } from './substitute.ts';

/** A metric with everything put in, secrets too: for the moment of use, never to be stored or logged. */
export interface MetricForUse {
  readonly metric: Metric;
  /** Name of the provider: `prometheus`, `web`, `job`, or what stands below `plugin`. */
  readonly provider: string;
  readonly config: unknown;
  /** Secret values: what `maskSecrets` takes out of messages. */
  readonly secretValues: readonly string[];
}

/** `secretValues` by name of the argument, as read from the Secrets that `secretArguments` lists. */
export function metricForUse(
  run: AnalysisRun,
  metricName: string,
  secretValues: Readonly<Record<string, string>>,
): Resolved<MetricForUse> {
  const secretOf = (name: string): string | undefined =>
    Object.hasOwn(secretValues, name) ? secretValues[name] : undefined;
  const values = argumentValues(run.spec.args ?? [], secretOf);
  if (!values.ok) return values;
  // The name may hold arguments too, so that each metric has to be looked at.
  for (const declared of run.spec.metrics ?? []) {
    const metric = substituteArguments(declared, values.value);
    const plain = metric.ok && metric.value.name === metricName;
    if (!metric.ok && declared.name === metricName) return metric;
    if (!plain) continue;
    const [provider] = providersOf(metric.value.provider);
    if (provider === undefined) return unresolved('InvalidSpec', 'no provider specified');
    const used = secretArguments(run).flatMap(({ argument }) => secretOf(argument) ?? []);
    return resolved({ metric: metric.value, provider: provider.name, config: provider.config, secretValues: used });
  }
  return unresolved('InvalidSpec', `the run has no metric '${metricName}'`);
}
