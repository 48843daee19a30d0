import type { AnalysisRun } from '@sluice/model';
import { isCompleted } from '../analysis-run/metric-phase.ts';
import type { ObservedRun } from '../observed.ts';
import { deepEqual } from '../same-status.ts';

// Which name does a run get when others bear it already? Source: spec-analysis §9.

export type Placement<Existing extends ObservedRun = ObservedRun> =
  { readonly kind: 'reuse'; readonly run: Existing } | { readonly kind: 'create'; readonly run: AnalysisRun };

const controllerOf = (run: ObservedRun): string | undefined =>
  run.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;

/** Clients in Go write empty objects where ours are absent: both mean the same. */
function substance(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(substance);
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const members = Object.entries(value)
    .map(([key, member]) => [key, substance(member)] as const)
    .filter(([, member]) => member !== undefined);
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

const measures = ({ spec }: ObservedRun): unknown =>
  substance({
    metrics: spec.metrics,
    dryRun: spec.dryRun,
    measurementRetention: spec.measurementRetention,
    args: spec.args,
  });

/** Whether an existing run is the wanted one: of the same controller, measuring the same, and not over. */
export const isSameRun = (existing: ObservedRun, wanted: AnalysisRun): boolean =>
  controllerOf(existing) === controllerOf(wanted) &&
  !isCompleted(existing.status?.phase) &&
  existing.metadata.deletionTimestamp === undefined &&
  deepEqual(measures(existing), measures(wanted));

/** The wanted run under the first name that is free, or the existing run that it is already: `NAME`, `NAME.1`, `NAME.2`, … */
export function placeRun<Existing extends ObservedRun>(
  wanted: AnalysisRun,
  existing: (name: string) => Existing | undefined,
): Placement<Existing> {
  const base = wanted.metadata.name;
  for (let collisions = 0; ; collisions += 1) {
    const name = collisions === 0 ? base : `${base}.${collisions}`;
    const taken = existing(name);
    if (taken === undefined) return { kind: 'create', run: { ...wanted, metadata: { ...wanted.metadata, name } } };
    if (isSameRun(taken, wanted)) return { kind: 'reuse', run: taken };
  }
}
