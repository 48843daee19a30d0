// The oracle of chaos and parity runs: no request may fail that a correct order would have answered.
import type { FailedRequest } from './record/failures.ts';
import type { DataPlane, DataPlaneReport } from './start.ts';

export interface Expectation {
  /** Fewer requests than this prove nothing: the check fails. 1 if absent. */
  readonly atLeast?: number;
}

/** Thrown when requests failed that a correct order avoids; its message lists the first ones with time, route, destination and who could have answered. */
export class AvoidableFailures extends Error {
  readonly failures: readonly FailedRequest[];
  constructor(message: string, failures: readonly FailedRequest[]) {
    super(message);
    this.name = 'AvoidableFailures';
    this.failures = failures;
  }
}

const shown = 10;

/** Where a report is read: the data plane itself, or the address of its status server when it runs in another process. */
export type ReportSource = Pick<DataPlane, 'report'> | string;

export async function readReport(source: ReportSource): Promise<DataPlaneReport> {
  if (typeof source !== 'string') return source.report();
  const response = await fetch(new URL('/report', source));
  if (!response.ok)
    throw new Error(`${source}/report answered ${response.status}: is it the address of a data plane's status?`);
  return (await response.json()) as DataPlaneReport;
}

/** Resolves with what was counted, to print; throws AvoidableFailures, or an Error when there were too few requests to say anything. */
export async function expectNoAvoidableFailures(
  source: ReportSource,
  { atLeast = 1 }: Expectation = {},
): Promise<DataPlaneReport['totals']> {
  const { totals, failures } = await readReport(source);
  if (totals.requests < atLeast)
    throw new Error(
      `only ${totals.requests} requests went through the data plane: at least ${atLeast} are needed to say anything`,
    );
  if (totals.avoidable === 0) return totals;
  const list = failures.avoidableRequests.slice(0, shown).map(describeFailure);
  const more = totals.avoidable - list.length;
  throw new AvoidableFailures(
    [
      `${totals.avoidable} of ${totals.requests} requests were sent to nobody while another version had ready pods:`,
      ...list.map((line) => `  ${line}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
    failures.avoidableRequests,
  );
}

/** One line: when, which request, by which route to which destination, and who else was ready. */
export function describeFailure(failed: FailedRequest): string {
  const { atMs, reason, request, route, destination, otherVersions, pods } = failed;
  const others = otherVersions.map((v) => `${v.readyPods} of ${v.version} (${v.hash || 'no hash'})`).join(', ');
  const own = `${pods.notReady} not ready, ${pods.terminating} terminating`;
  return `${new Date(atMs).toISOString()} ${request} by ${route ?? 'no route'} to ${destination ?? 'nobody'}: ${reason} (pods there: ${own}; ready elsewhere: ${others || 'none'})`;
}
