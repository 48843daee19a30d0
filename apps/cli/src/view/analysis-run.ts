import type { AnalysisRun, Measurement, Metric, MetricResult } from '@sluice/model';
import { analysisIcon } from './icons.ts';
import type { AnalysisRunInfo, JobInfo, MetricInfo, NonJobInfo } from './info.ts';
import { revisionOf } from './objects.ts';
import { shownMeta } from './replica-set.ts';

/** The metric-job provider writes the name of the Job that measured into the measurement. */
const JOB_NAME = 'job-name';

export function analysisRunInfo(run: AnalysisRun): AnalysisRunInfo {
  const results = run.status?.metricResults ?? [];
  const total = (count: (result: MetricResult) => number | undefined) =>
    results.reduce((sum, result) => sum + (count(result) ?? 0), 0);
  // A run that nobody has looked at yet has no phase: it is waiting.
  const status = run.status?.phase || 'Pending';
  return {
    objectMeta: shownMeta(run.metadata),
    icon: analysisIcon(status),
    revision: revisionOf(run),
    status,
    successful: total((result) => result.successful),
    failed: total((result) => result.failed),
    inconclusive: total((result) => result.inconclusive),
    error: total((result) => result.error),
    jobs: jobsOf(run),
    nonJobInfo: results.flatMap((result) =>
      (result.measurements ?? []).filter((m) => m.metadata === undefined).map((m) => nonJobInfo(result, m)),
    ),
    metrics: (run.spec?.metrics ?? []).map(metricInfo),
    specAndStatus: { spec: run.spec, status: run.status },
  };
}

function jobsOf(run: AnalysisRun): JobInfo[] {
  const namespace = run.metadata.namespace;
  return (run.status?.metricResults ?? []).flatMap((result) =>
    (result.measurements ?? []).flatMap((measurement) => {
      const name = measurement.metadata?.[JOB_NAME];
      if (name === undefined) return [];
      const status = measurement.phase ?? '';
      const startedAt = measurement.startedAt ?? '';
      return [
        {
          objectMeta: { name, namespace, creationTimestamp: measurement.startedAt },
          status,
          icon: analysisIcon(status),
          metricName: result.name ?? '',
          startedAt,
        },
      ];
    }),
  );
}

function nonJobInfo(result: MetricResult, measurement: Measurement): NonJobInfo {
  return {
    value: measurement.value ?? '',
    status: measurement.phase ?? '',
    metricName: result.name ?? '',
    startedAt: measurement.startedAt ?? '',
  };
}

function metricInfo(metric: Metric): MetricInfo {
  return {
    name: metric.name ?? '',
    successCondition: metric.successCondition ?? '',
    count: wholeNumber(metric.count),
    inconclusiveLimit: wholeNumber(metric.inconclusiveLimit),
    failureLimit: wholeNumber(metric.failureLimit),
  };
}

// An int-or-string: text that is no whole number counts as 0, as it does for the controller.
function wholeNumber(value: number | string | undefined): number {
  const number = Number(value ?? 0);
  return Number.isSafeInteger(number) ? number : 0;
}
