import type { RolloutAnalysisRunStatus, RolloutStatus } from '@sluice/model';
import type { AnalysisKind } from '../analysis-template/index.ts';

/** The current run of each kind, as the Rollout's status names it. */
export type RunEntries = Readonly<Partial<Record<AnalysisKind, RolloutAnalysisRunStatus>>>;

export function runEntries({ canary, blueGreen }: RolloutStatus): RunEntries {
  return present({
    Step: canary?.currentStepAnalysisRunStatus,
    Background: canary?.currentBackgroundAnalysisRunStatus,
    PrePromotion: blueGreen?.prePromotionAnalysisRunStatus,
    PostPromotion: blueGreen?.postPromotionAnalysisRunStatus,
  });
}

export function withRunEntries(status: RolloutStatus, entries: RunEntries): RolloutStatus {
  const {
    currentStepAnalysisRunStatus: _step,
    currentBackgroundAnalysisRunStatus: _background,
    ...canary
  } = status.canary ?? {};
  const {
    prePromotionAnalysisRunStatus: _pre,
    postPromotionAnalysisRunStatus: _post,
    ...blueGreen
  } = status.blueGreen ?? {};
  return {
    ...status,
    canary: {
      ...canary,
      ...(entries.Step && { currentStepAnalysisRunStatus: entries.Step }),
      ...(entries.Background && { currentBackgroundAnalysisRunStatus: entries.Background }),
    },
    blueGreen: {
      ...blueGreen,
      ...(entries.PrePromotion && { prePromotionAnalysisRunStatus: entries.PrePromotion }),
      ...(entries.PostPromotion && { postPromotionAnalysisRunStatus: entries.PostPromotion }),
    },
  };
}

/** Whether the current run of this kind has given a verdict of success: the only evidence that counts. */
export const hasSucceeded = (status: RolloutStatus, kind: AnalysisKind): boolean =>
  runEntries(status)[kind]?.status === 'Successful';

function present(entries: Partial<Record<AnalysisKind, RolloutAnalysisRunStatus | null | undefined>>): RunEntries {
  return Object.fromEntries(Object.entries(entries).filter(([, entry]) => entry)) as RunEntries;
}
