import { conditionReasons, conditionTypes, parseTime } from '@sluice/model';
import type { AnalysisPhase, ExperimentStatus } from '@sluice/model';
import { conditionsOf, findCondition, withCondition, without } from '../conditions.ts';
import type { StatusUrgency } from '../decision.ts';
import { deepEqual } from '../same-status.ts';
import type { EpochMs } from '../snapshot.ts';
import { analysisActions, analysisTurn } from './analyses.ts';
import type { ExperimentDecision, ExperimentEvent } from './decision.ts';
import { phaseChanged } from './events.ts';
import { explain } from './explanation.ts';
import { conditionTurn, phaseTurn } from './phase.ts';
import { replicaSetActions } from './replica-sets.ts';
import { serviceActions } from './services.ts';
import {
  timeIsOverAt,
  hasElapsed,
  isTemplateCompleted,
  isTerminating,
  situationOf,
  templateStatusOf,
} from './situation.ts';
import type { Situation } from './situation.ts';
import type { ExperimentSnapshot } from './snapshot.ts';
import { templateTurn } from './templates.ts';
import { invalidity, progressDeadlineSeconds } from './validity.ts';

/** More than the state machine has states: it never takes so many. */
const MAX_TURNS = 12;

/** What one Experiment needs. Total: answers on every snapshot that the API server can hold. */
export function decideExperiment(snapshot: ExperimentSnapshot): ExperimentDecision {
  const { experiment } = snapshot;
  const stored = experiment.status ?? {};
  if (experiment.metadata.deletionTimestamp)
    return held(stored, 'Deleting', 'It is being deleted; what it made goes with it.', 'Nothing to do.');
  const problem = invalidity(experiment);
  if (problem !== undefined) return invalid(snapshot, stored, problem);

  const events: ExperimentEvent[] = [];
  let status = withoutInvalidSpec(stored);
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const next = takeTurn(situationOf(snapshot, status));
    events.push(...next.events);
    if (deepEqual(next.status, status)) break;
    status = next.status;
  }
  return finish(situationOf(snapshot, status), stored, events);
}

interface Turn {
  readonly status: ExperimentStatus;
  readonly events: readonly ExperimentEvent[];
}

/** Templates, then analyses, then what both come to. Turns are taken until nothing changes, so that only a status that somebody can see is stored. */
function takeTurn(s: Situation): Turn {
  const templates = templateTurn(s);
  const judged = situationOf(s.snapshot, withList(s.status, 'templateStatuses', templates.statuses));
  const analyses = analysisTurn(judged);
  const measured = situationOf(s.snapshot, withList(judged.status, 'analysisRuns', analyses.entries));
  const { phase: before, message: _message, availableAt: _availableAt, ...rest } = measured.status;
  const aggregate = phaseTurn(measured);
  const moved: ExperimentStatus = { ...rest, ...aggregate };
  const conditions = conditionTurn(situationOf(s.snapshot, moved));
  const { phase } = aggregate;
  return {
    status: conditions.length === 0 ? moved : { ...moved, conditions: [...conditions] },
    events: [
      ...templates.events,
      ...analyses.events,
      ...(phase && phase !== before ? [phaseChanged(before || undefined, phase)] : []),
    ],
  };
}

/** An empty list says no more than none, and is not written where there was none. */
function withList<Key extends 'templateStatuses' | 'analysisRuns'>(
  status: ExperimentStatus,
  key: Key,
  list: readonly unknown[],
): ExperimentStatus {
  return list.length === 0 && !status[key]?.length ? status : { ...status, [key]: list };
}

function finish(s: Situation, stored: ExperimentStatus, events: readonly ExperimentEvent[]): ExperimentDecision {
  const sets = replicaSetActions(s);
  const wakes = [...sets.wakes, ...ownWakes(s)];
  return {
    status: s.status,
    statusUrgency: urgencyOf(stored, s.status),
    // What others are asked comes last: they may be away.
    actions: [...sets.actions, ...serviceActions(s), ...analysisActions(s)],
    events,
    explanation: explain(s),
    ...(wakes.length > 0 && { wakeAt: Math.min(...wakes) }),
  };
}

function ownWakes(s: Situation): readonly EpochMs[] {
  if (isTerminating(s)) return [];
  const end = timeIsOverAt(s);
  const deadlines = s.templates.flatMap(({ name, replicas }) => {
    const one = templateStatusOf(s.status, name);
    const since = parseTime(one?.lastTransitionTime);
    const isThere = (one?.availableReplicas ?? 0) === (replicas ?? 1);
    if (since === undefined || isThere || isTemplateCompleted(one?.status)) return [];
    return [since + progressDeadlineSeconds(s.experiment) * 1000 + 1];
  });
  return [...(end === undefined || hasElapsed(s) || end <= s.now ? [] : [end]), ...deadlines];
}

/** Counters may wait, and so may that a run has begun: when it ends at once, that is all that is told. */
function urgencyOf(before: ExperimentStatus, after: ExperimentStatus): StatusUrgency {
  if (deepEqual(before, after)) return 'unchanged';
  return deepEqual(essenceOf(before), essenceOf(after)) ? 'soon' : 'now';
}

const begun: ReadonlySet<AnalysisPhase> = new Set(['Pending', 'Running']);

const essenceOf = ({ templateStatuses, analysisRuns, ...rest }: ExperimentStatus): object => ({
  ...rest,
  templates: templateStatuses?.map(({ name, status, message, serviceName, podTemplateHash }) => [
    name,
    status,
    message ?? '',
    serviceName ?? '',
    podTemplateHash ?? '',
  ]),
  analyses: analysisRuns?.map(({ name, analysisRun, phase }) => [
    name,
    analysisRun,
    begun.has(phase) ? 'Running' : phase,
  ]),
});

function withoutInvalidSpec(status: ExperimentStatus): ExperimentStatus {
  const conditions = conditionsOf(status);
  return findCondition(conditions, conditionTypes.invalidSpec)
    ? { ...status, conditions: [...without(conditions, conditionTypes.invalidSpec)] }
    : status;
}

function invalid({ now }: ExperimentSnapshot, stored: ExperimentStatus, problem: string): ExperimentDecision {
  const before = conditionsOf(stored);
  const type = conditionTypes.invalidSpec;
  const isNews = findCondition(before, type)?.message !== problem;
  const content = { type, status: 'True', reason: conditionReasons.invalidSpec, message: problem } as const;
  const conditions = withCondition(before, content, now, isNews);
  return {
    ...held(stored, 'InvalidSpec', problem, 'Mend the spec; nothing is done until then.'),
    status: conditions === before ? stored : { ...stored, conditions: [...conditions] },
    statusUrgency: conditions === before ? 'unchanged' : 'now',
  };
}

const held = (
  status: ExperimentStatus,
  code: 'Deleting' | 'InvalidSpec',
  detail: string,
  unblock: string,
): ExperimentDecision => ({
  status,
  statusUrgency: 'unchanged',
  actions: [],
  events: [],
  explanation: { code, detail, unblock },
});
