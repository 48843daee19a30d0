import type { RolloutAnalysis, RolloutSpec } from '@sluice/model';
import { isReadyForPause, isSaturated } from '../blue-green-replicas.ts';
import { selectedHash, serviceOf } from '../canary-services.ts';
import { findPause } from '../pause.ts';
import { isFastRollback } from '../rollback.ts';
import { blueGreenOf, canaryOf, isFullyPromoted, pausesOf, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import { currentStepIndex } from '../weight.ts';
import type { AnalysisKind } from '../analysis-template/index.ts';

/** An analysis that the strategy has at this moment. */
export interface WantedAnalysis {
  readonly kind: AnalysisKind;
  readonly analysis: RolloutAnalysis;
  readonly stepIndex?: number;
  /** Whether a run may be begun now; one that has begun is followed all the same. */
  readonly mayBegin: boolean;
}

/** Nothing is measured where there is nothing to judge, or where somebody has judged already. Source: spec-analysis §10. */
export const skipsAnalysis = (s: Situation): boolean =>
  !s.roles.stableSet ||
  isFullyPromoted(s.status) ||
  s.status.abort === true ||
  s.status.promoteFull === true ||
  isFastRollback(s);

/** Whether the strategy has any analysis at all. */
export const hasAnalyses = ({ strategy }: RolloutSpec): boolean => {
  const { canary, blueGreen } = strategy ?? {};
  return (
    !!canary?.analysis ||
    !!blueGreen?.prePromotionAnalysis ||
    !!blueGreen?.postPromotionAnalysis ||
    (canary?.steps?.some(({ analysis }) => analysis) ?? false)
  );
};

/** The analyses of the strategy, with when each may begin. Source: spec-analysis §10. */
export const wantedAnalyses = (s: Situation): readonly WantedAnalysis[] =>
  (blueGreenOf(s) ? promotionAnalyses(s) : canaryAnalyses(s)).filter(
    ({ analysis }) => (analysis.templates?.length ?? 0) > 0,
  );

function canaryAnalyses(s: Situation): readonly WantedAnalysis[] {
  const index = currentStepIndex(s);
  const step = index === undefined ? undefined : stepsOf(s)[index]?.analysis;
  const background = canaryOf(s)?.analysis;
  const isKnown = s.status.currentPodHash === s.roles.newSet.hash;
  const place = index ?? stepsOf(s).length;
  return [
    ...(step
      ? [{ kind: 'Step' as const, analysis: step, stepIndex: index!, mayBegin: pausesOf(s.status).length === 0 }]
      : []),
    ...(background
      ? [
          {
            kind: 'Background' as const,
            analysis: background,
            mayBegin: isKnown && !isInconclusive(s) && place >= (background.startingStep ?? 0),
          },
        ]
      : []),
  ];
}

function promotionAnalyses(s: Situation): readonly WantedAnalysis[] {
  const { prePromotionAnalysis, postPromotionAnalysis, activeService } = blueGreenOf(s)!;
  const { newSet, stableSet } = s.roles;
  const active = serviceOf(s, activeService);
  const selected = active ? selectedHash(active) : '';
  const mayBegin = !isInconclusive(s) && newSet !== stableSet;
  return [
    ...(prePromotionAnalysis
      ? [
          {
            kind: 'PrePromotion' as const,
            analysis: prePromotionAnalysis,
            mayBegin: mayBegin && selected !== '' && selected !== newSet.hash && isReadyForPause(s),
          },
        ]
      : []),
    ...(postPromotionAnalysis
      ? [
          {
            kind: 'PostPromotion' as const,
            analysis: postPromotionAnalysis,
            mayBegin: mayBegin && selected === newSet.hash && isSaturated(s, newSet),
          },
        ]
      : []),
  ];
}

export const isInconclusive = (s: Situation): boolean =>
  findPause(pausesOf(s.status), 'InconclusiveAnalysisRun') !== undefined;
