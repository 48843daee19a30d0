import { eventReasons, fittingObjectName, instanceIdLabel, parseTime } from '@sluice/model';
import type { AnalysisRun, AnalysisTemplate, ExperimentAnalysis, ExperimentAnalysisRunStatus } from '@sluice/model';
import { tookTime, verdictOf } from '../analysis-run/verdict.ts';
import { buildAnalysisRun } from '../analysis-template/build.ts';
import { placeRun } from '../analysis-template/place-run.ts';
import type { Resolved } from '../analysis-template/result.ts';
import { named } from '../snapshot.ts';
import { analysisArguments } from './analysis-arguments.ts';
import type { ExperimentAction, ExperimentEvent } from './decision.ts';
import { analysisChanged, experimentEvent } from './events.ts';
import { ownerReferenceTo } from './replica-sets.ts';
import { analysisStatusOf, isCompleted, isTerminating } from './situation.ts';
import type { Situation } from './situation.ts';
import type { ExperimentSnapshot, Observed } from './snapshot.ts';

type Entry = ExperimentAnalysisRunStatus;

export interface AnalysisTurn {
  readonly entries: readonly Entry[];
  readonly events: readonly ExperimentEvent[];
}

/** What the status says of each analysis. One that has no run yet has no entry. Source: spec-experiment §8. */
export function analysisTurn(s: Situation): AnalysisTurn {
  const entries: Entry[] = [];
  const events: ExperimentEvent[] = [];
  for (const analysis of s.analyses) {
    const before = analysisStatusOf(s.status, analysis.name);
    const after = nextEntry(s, analysis, before);
    if (!after) continue;
    entries.push(after);
    if (after.phase !== before?.phase)
      events.push(...analysisChanged(analysis.name, before?.phase, after.phase, after.message));
  }
  return { entries, events };
}

function nextEntry(s: Situation, analysis: ExperimentAnalysis, before: Entry | undefined): Entry | undefined {
  if (before && isCompleted(before.phase)) return before;
  if (before) return refreshed(s, analysis, before);
  if (isTerminating(s)) return undefined;
  const { name } = analysis;
  const failed = (message: string): Entry => ({ name, analysisRun: '', phase: 'Error', message });
  if (!s.status.availableAt) {
    const { kind, plural, observed } = templateOf(s, analysis);
    const missing = `${plural}.argoproj.io "${analysis.templateName}" not found`;
    return observed === 'absent' ? failed(`${kind} verification failed for analysis '${name}': ${missing}`) : undefined;
  }
  const { startedRuns = {}, runFailures = {} } = s.snapshot.answers ?? {};
  const key = keyOf(s, analysis);
  const started = named(startedRuns, key);
  // What the run says already counts from the next turn on: each run is told to have begun.
  if (started !== undefined) return { name, analysisRun: started, phase: 'Pending' };
  const refusal = named(runFailures, key);
  if (refusal !== undefined) return failed(`Failed to create AnalysisRun for analysis '${name}': ${refusal}`);
  const wish = wishOf(s, analysis);
  if (wish === 'unknown') return undefined;
  if (!wish.ok) return failed(`Failed to create AnalysisRun for analysis '${name}': ${wish.error.message}`);
  const existing = unnotedRun(s, wish.value);
  return existing && { name, analysisRun: existing.metadata.name, phase: 'Pending' };
}

/**
 * The run that was asked for before somebody died, or one like it that still goes on: it is taken, and none made beside it. Times have whole seconds, so one that
 * has ended in the very second in which the versions became available may be that of the time before: it is measured again.
 */
function unnotedRun({ snapshot, status }: Situation, wanted: AnalysisRun): AnalysisRun | undefined {
  const { name } = wanted.metadata;
  const isSuffix = (rest: string): boolean => rest === '' || /^\.\d+$/.test(rest);
  const availableAt = parseTime(status.availableAt) ?? Number.POSITIVE_INFINITY;
  const fresh = snapshot.analysisRuns.filter(({ metadata, status: measured }) => {
    const sinceMs = (parseTime(metadata.creationTimestamp) ?? 0) - availableAt;
    const isFresh = isCompleted(measured?.phase) ? sinceMs > 0 : sinceMs >= 0;
    return isFresh && metadata.name.startsWith(name) && isSuffix(metadata.name.slice(name.length));
  });
  const placed = placeRun(wanted, runByName(snapshot));
  return fresh.at(-1) ?? (placed.kind === 'reuse' ? placed.run : undefined);
}

const runByName =
  ({ analysisRuns }: ExperimentSnapshot) =>
  (name: string): AnalysisRun | undefined =>
    analysisRuns.find(({ metadata }) => metadata.name === name);

function refreshed(s: Situation, analysis: ExperimentAnalysis, before: Entry): Entry {
  const run = s.snapshot.analysisRuns.find(({ metadata }) => metadata.name === before.analysisRun);
  const { name, analysisRun } = before;
  if (!run) {
    const isGone = !!s.snapshot.absentRuns?.includes(analysisRun) && !isTerminating(s);
    return isGone
      ? { name, analysisRun, phase: 'Error', message: `analysisrun.argoproj.io "${analysisRun}" not found` }
      : before;
  }
  const phase = run.status?.phase || 'Pending';
  // Its end may be the first that is seen of it: that it has been under way is told all the same.
  if (before.phase === 'Pending' && tookTime(run)) return { name, analysisRun, phase: 'Running' };
  const message = run.status?.message;
  // A run that somebody stopped has shown nothing: what must not end without it does not go on as if it had.
  const isNoEvidence = analysis.requiredForCompletion && verdictOf(run) === 'Terminated';
  return { name, analysisRun, phase: isNoEvidence ? 'Inconclusive' : phase, ...(message && { message }) };
}

/** Whether the templates could be read as far as they were looked at. */
function templateOf({ snapshot }: Situation, { templateName, clusterScope }: ExperimentAnalysis) {
  const kind = clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  const among = clusterScope ? snapshot.clusterAnalysisTemplates : snapshot.analysisTemplates;
  const observed: Observed<AnalysisTemplate> = named(among, templateName) ?? 'unknown';
  return { kind, plural: clusterScope ? 'clusteranalysistemplate' : 'analysistemplate', observed };
}

/** Stands for the run of this analysis since the versions last became available: a retried experiment asks for a new one. */
const keyOf = ({ status }: Situation, { name }: ExperimentAnalysis): string => `${name}/${status.availableAt}`;

function wishOf(s: Situation, analysis: ExperimentAnalysis): Resolved<AnalysisRun> | 'unknown' {
  const { experiment, snapshot } = s;
  const args = analysisArguments(s, analysis);
  if (!args.ok) return args;
  let isUnknown = false;
  const lookup = (name: string, clusterScope: boolean): AnalysisTemplate | undefined => {
    const found = named(clusterScope ? snapshot.clusterAnalysisTemplates : snapshot.analysisTemplates, name);
    if (found === undefined || found === 'unknown') isUnknown = true;
    return typeof found === 'object' ? found : undefined;
  };
  const { analysisRunMetadata, dryRun, measurementRetention } = experiment.spec;
  const instanceId = experiment.metadata.labels?.[instanceIdLabel];
  const built = buildAnalysisRun({
    namespace: experiment.metadata.namespace ?? '',
    name: fittingObjectName(`${experiment.metadata.name}-${analysis.name}`),
    labels: { ...(instanceId && { [instanceIdLabel]: instanceId }), ...analysisRunMetadata?.labels },
    annotations: { ...analysisRunMetadata?.annotations },
    owner: ownerReferenceTo(experiment),
    refs: [{ templateName: analysis.templateName, ...(analysis.clusterScope && { clusterScope: true }) }],
    templates: lookup,
    args: args.value,
    ...(dryRun && { dryRun }),
    ...(measurementRetention && { measurementRetention }),
  });
  return isUnknown ? 'unknown' : built;
}

/** Analyses whose run is asked for now, or would be if their templates could be read. */
export function waitingAnalyses(
  s: Situation,
): readonly { analysis: ExperimentAnalysis; wish: ReturnType<typeof wishOf> }[] {
  if (!s.experiment.status?.availableAt || isTerminating(s)) return [];
  return s.analyses
    .filter(({ name }) => !analysisStatusOf(s.status, name))
    .map((analysis) => ({ analysis, wish: wishOf(s, analysis) }));
}

/** What is asked of the analysis-runner: runs that are not needed any more end, also ones that nobody has noted yet; and those that are missing. */
export function analysisActions(s: Situation): readonly ExperimentAction[] {
  if (isTerminating(s)) return s.snapshot.analysisRuns.filter(isLive).map((run) => terminate(s, run));
  return waitingAnalyses(s).flatMap(({ analysis, wish }): ExperimentAction[] =>
    wish !== 'unknown' && wish.ok
      ? [
          {
            kind: 'EnsureAnalysisRun',
            analysis: analysis.name,
            key: keyOf(s, analysis),
            run: placeRun(wish.value, runByName(s.snapshot)).run,
            events: [],
          },
        ]
      : [],
  );
}

const isLive = ({ metadata, spec, status }: AnalysisRun): boolean =>
  !metadata.deletionTimestamp && spec.terminate !== true && !isCompleted(status?.phase);

function terminate(s: Situation, { metadata }: AnalysisRun): ExperimentAction {
  const analysis = s.status.analysisRuns?.find(({ analysisRun }) => analysisRun === metadata.name)?.name;
  return {
    kind: 'TerminateAnalysisRun',
    run: { name: metadata.name, uid: metadata.uid ?? '' },
    events: [
      experimentEvent(
        eventReasons.analysisRunTerminating,
        `Terminating AnalysisRun '${analysis ?? metadata.name}' (${metadata.name})`,
      ),
    ],
  };
}
