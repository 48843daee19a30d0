import { conditionReasons, conditionTypes, formatTime } from '@sluice/model';
import type { AnalysisPhase, ExperimentStatus, TemplateStatusCode } from '@sluice/model';
import { conditionsOf, withCondition } from '../conditions.ts';
import type { ConditionContent, Conditions } from '../conditions.ts';
import {
  analysisStatusOf,
  hasElapsed,
  hasMeasured,
  isBad,
  isCompleted,
  isTerminating,
  requiredSucceeded,
  templateStatusOf,
} from './situation.ts';
import type { Situation } from './situation.ts';

interface Outcome {
  readonly phase: AnalysisPhase;
  readonly message?: string | undefined;
}

const worstTemplateFirst: readonly TemplateStatusCode[] = ['Failed', 'Error', 'Progressing', 'Running', 'Successful'];
const worstAnalysisFirst: readonly AnalysisPhase[] = [
  'Failed',
  'Error',
  'Inconclusive',
  'Pending',
  'Running',
  'Successful',
];

/** The aggregate of the templates: the worst of them. Source: spec-experiment §9. */
function templatesOutcome(s: Situation): Outcome {
  // Without templates only time and analyses can end it.
  if (s.templates.length === 0) return { phase: isTerminating(s) || hasElapsed(s) ? 'Successful' : 'Running' };
  const all = s.templates.map(({ name }) => templateStatusOf(s.status, name));
  const worst = worstTemplateFirst.find((code) => all.some((one) => (one?.status ?? 'Progressing') === code))!;
  const message = all.find((one) => one?.status === worst)?.message;
  return { phase: worst === 'Progressing' ? 'Pending' : worst, message };
}

/** The aggregate of the analyses: the worst of them, or success when all that are required have succeeded and none is bad. */
function analysesOutcome(s: Situation): Outcome {
  const entries = s.analyses.flatMap(({ name }) => analysisStatusOf(s.status, name) ?? []);
  const worst = worstAnalysisFirst.find((phase) => entries.some((entry) => entry.phase === phase)) ?? 'Successful';
  if (requiredSucceeded(s) && (worst === 'Successful' || worst === 'Running' || worst === 'Pending'))
    return { phase: 'Successful', message: 'Required AnalysisRuns completed' };
  const message = entries.find((entry) => entry.phase === worst)?.message;
  return { phase: worst === 'Pending' ? 'Running' : worst, message: isBad(worst) ? message : undefined };
}

/** What an experiment that was terminated had not shown by then; undefined where it had shown something of everything. */
function notShown(s: Situation): Outcome | undefined {
  if (!s.experiment.spec.terminate) return undefined;
  const terminated = (before: string): Outcome => ({
    phase: 'Inconclusive',
    message: `Experiment was terminated before ${before}`,
  });
  if (s.templates.length > 0 && !s.status.availableAt) return terminated('its versions became available');
  const silent = s.analyses.find((analysis) => !hasMeasured(s, analysis));
  return silent && terminated(`its analysis '${silent.name}' measured anything`);
}

const endedTooEarly: Outcome = {
  phase: 'Inconclusive',
  message: 'Experiment was terminated before its required AnalysisRuns completed',
};

function nextOutcome(s: Situation): Outcome {
  const templates = templatesOutcome(s);
  const analyses = analysesOutcome(s);
  const hasRequired = s.analyses.some(({ requiredForCompletion }) => requiredForCompletion);
  switch (templates.phase) {
    case 'Successful':
      if (isBad(analyses.phase)) return analyses;
      if (hasRequired && !requiredSucceeded(s)) {
        // Nobody may wait for ever for runs that are being ended, nor take that for success.
        return s.experiment.spec.terminate ? endedTooEarly : { phase: 'Running' };
      }
      return notShown(s) ?? (isCompleted(analyses.phase) ? analyses : templates);
    case 'Failed':
    case 'Error':
      return templates;
    default:
      return isBad(analyses.phase) || requiredSucceeded(s) ? analyses : templates;
  }
}

/** Phase, message and availableAt. Completed is final. */
export function phaseTurn(s: Situation): Pick<ExperimentStatus, 'phase' | 'message' | 'availableAt'> {
  const { phase, message, availableAt } = s.status;
  const kept = { ...(message && { message }), ...(availableAt && { availableAt }) };
  if (!phase) return { ...kept, phase: 'Pending' };
  if (isCompleted(phase)) return { ...kept, phase };
  const outcome = nextOutcome(s);
  const isAvailable = availableAt || (templatesOutcome(s).phase === 'Running' ? formatTime(s.now) : undefined);
  return {
    phase: outcome.phase,
    ...(outcome.message && { message: outcome.message }),
    ...(isAvailable && { availableAt: isAvailable }),
  };
}

/** The condition Progressing; an experiment that ends badly keeps the one it had. */
export function conditionTurn(s: Situation): Conditions {
  const { name } = s.experiment.metadata;
  const conditions = conditionsOf(s.status);
  const content = progressOf(name, s.status.phase);
  return content ? withCondition(conditions, content, s.now) : conditions;
}

function progressOf(name: string, phase: AnalysisPhase | undefined): ConditionContent | undefined {
  const type = conditionTypes.progressing;
  switch (phase) {
    case 'Successful':
      return {
        type,
        status: 'False',
        reason: 'ExperimentCompleted',
        message: `Experiment "${name}" has successfully ran and completed.`,
      };
    case 'Running':
      return {
        type,
        status: 'True',
        reason: conditionReasons.newReplicaSetAvailable,
        message: `Experiment "${name}" is running.`,
      };
    case 'Pending':
      return {
        type,
        status: 'True',
        reason: conditionReasons.replicaSetUpdated,
        message: `Experiment "${name}" is progressing.`,
      };
    default:
      return undefined;
  }
}
