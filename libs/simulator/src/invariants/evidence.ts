import { selectedHash, verdictOf } from '@sluice/engine';
import type { Action, AnalysisKind, Decision, RolloutSnapshot } from '@sluice/engine';
import { podTemplateHashLabel, rolloutTypeLabel, stepIndexLabel } from '@sluice/model';
import type { RolloutAnalysis, RolloutAnalysisRunStatus } from '@sluice/model';
import type { Violation } from './violation.ts';

/**
 * Property 6: an update goes past an analysis only with a run of it that was measured to its end and succeeded; or with what the status
 * has kept of one that is gone. People who promote fully, go back, or open a rollback window take that on themselves.
 */
export function evidenceViolations(snapshot: RolloutSnapshot, decision: Decision): Violation[] {
  if (!needsEvidence(snapshot, decision)) return [];
  return [...stepViolations(snapshot, decision), ...promotionViolations(snapshot, decision)];
}

/** Whether it is the same update before and after, and nobody has taken it on themselves. */
export function needsEvidence(snapshot: RolloutSnapshot, decision: Decision): boolean {
  const { status: before = {}, spec } = snapshot.rollout;
  const after = decision.status;
  const isAnotherUpdate =
    before.currentPodHash !== after.currentPodHash || before.currentStepHash !== after.currentStepHash;
  const isJudged = Boolean(before.promoteFull || after.promoteFull || after.abort || spec.rollbackWindow);
  // Without the old version there is nothing to go back to, whatever an analysis would say.
  const hasStable = snapshot.replicaSets.some(
    ({ metadata }) => metadata.labels?.[podTemplateHashLabel] === before.stableRS,
  );
  return !isAnotherUpdate && !isJudged && hasStable && after.currentPodHash !== before.stableRS;
}

function stepViolations(snapshot: RolloutSnapshot, { status: after }: Decision): Violation[] {
  const { status: before = {}, spec } = snapshot.rollout;
  const passed = (spec.strategy?.canary?.steps ?? []).slice(0, after.currentStepIndex ?? 0);
  return passed.flatMap(({ analysis }, index) => {
    if (index < (before.currentStepIndex ?? 0) || !analysis?.templates?.length) return [];
    return hasEvidence(snapshot, 'Step', before.canary?.currentStepAnalysisRunStatus, index)
      ? []
      : [violation(`step ${index} is passed without a run of it that succeeded`)];
  });
}

function promotionViolations(snapshot: RolloutSnapshot, { actions, status: after }: Decision): Violation[] {
  const { status: before = {}, spec } = snapshot.rollout;
  const { blueGreen } = spec.strategy ?? {};
  if (!blueGreen) return [];
  const { prePromotionAnalysis: pre, postPromotionAnalysis: post, activeService } = blueGreen;
  const { prePromotionAnalysisRunStatus, postPromotionAnalysisRunStatus } = before.blueGreen ?? {};
  const isSwitch = (action: Action): boolean =>
    action.kind === 'SwitchService' &&
    action.target.name === activeService &&
    action.hash === after.currentPodHash &&
    // Somebody has pointed it there by hand; what is written is but whose it is.
    selectedBy(snapshot, activeService) !== action.hash;
  const isPromoted = after.stableRS === after.currentPodHash;
  return [
    ...(isAsked(pre) && actions.some(isSwitch) && !hasEvidence(snapshot, 'PrePromotion', prePromotionAnalysisRunStatus)
      ? [violation(`Service ${activeService} is switched without a pre-promotion run that succeeded`)]
      : []),
    ...(isAsked(post) && isPromoted && !hasEvidence(snapshot, 'PostPromotion', postPromotionAnalysisRunStatus)
      ? [violation('the new version is made stable without a post-promotion run that succeeded')]
      : []),
  ];
}

function selectedBy({ services }: RolloutSnapshot, name: string): string | undefined {
  const service = services[name];
  return typeof service === 'object' ? selectedHash(service) : undefined;
}

const isAsked = (analysis: RolloutAnalysis | undefined): boolean => (analysis?.templates?.length ?? 0) > 0;

const violation = (what: string): Violation => ({ property: 'evidence', what });

function hasEvidence(
  { rollout, analysisRuns = [] }: RolloutSnapshot,
  kind: AnalysisKind,
  kept: RolloutAnalysisRunStatus | undefined,
  step?: number,
): boolean {
  const found = analysisRuns.filter(({ metadata: { labels = {} } }) => {
    const isOfStep = step === undefined || labels[stepIndexLabel] === String(step);
    return (
      labels[rolloutTypeLabel] === kind && isOfStep && labels[podTemplateHashLabel] === rollout.status?.currentPodHash
    );
  });
  if (found.some((run) => verdictOf(run) === 'Successful')) return true;
  return kept?.status === 'Successful' && !analysisRuns.some(({ metadata }) => metadata.name === kept.name);
}
