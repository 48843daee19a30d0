import type { AnalysisPhase, TemplateStatusCode } from '@sluice/model';
import type { ExperimentEvent } from './decision.ts';

const bad: ReadonlySet<string> = new Set(['Failed', 'Error', 'Inconclusive']);
const typeOf = (outcome: string): ExperimentEvent['type'] => (bad.has(outcome) ? 'Warning' : 'Normal');
const withMessage = (text: string, message: string | undefined): string => (message ? `${text}: ${message}` : text);

export const experimentEvent = (
  reason: string,
  message: string,
  type: ExperimentEvent['type'] = 'Normal',
): ExperimentEvent => ({ about: 'experiment', type, reason, message });

export const phaseChanged = (before: AnalysisPhase | undefined, after: AnalysisPhase): ExperimentEvent =>
  experimentEvent(`Experiment${after}`, `Experiment transitioned from ${before ?? ''} -> ${after}`, typeOf(after));

export const templateChanged = (
  name: string,
  before: TemplateStatusCode | undefined,
  after: TemplateStatusCode,
  message: string | undefined,
): ExperimentEvent =>
  experimentEvent(
    `Template${after}`,
    withMessage(`Template '${name}' transitioned from ${before ?? ''} -> ${after}`, message),
    typeOf(after),
  );

/** The owning Rollout is told as well, always by a Warning: notifications wait for it. Source: spec-experiment §8. */
export function analysisChanged(
  name: string,
  before: AnalysisPhase | undefined,
  after: AnalysisPhase,
  message: string | undefined,
): readonly ExperimentEvent[] {
  const text = withMessage(`AnalysisRun '${name}' transitioned from ${before ?? ''} -> ${after}`, message);
  const reason = `AnalysisRun${after}`;
  return [experimentEvent(reason, text, typeOf(after)), { about: 'rollout', type: 'Warning', reason, message: text }];
}
