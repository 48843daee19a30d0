import type { BlueGreenStrategy, CanaryStep, CanaryStrategy, Rollout, RolloutStatus } from '@sluice/model';
import { runEntries } from './rollout-analysis/entries.ts';

/**
 * The Rollout without the parts of its strategy that its update has behind it: what is wrong with them holds nothing. Steps keep their place,
 * their weights and what is to be routed; what they measure is left out. Asked of the rules of validity only, never carried out.
 */
export function behindLeftOut(rollout: Rollout, status: RolloutStatus): Rollout {
  const { canary, blueGreen, ...rest } = rollout.spec.strategy ?? {};
  const strategy = {
    ...rest,
    ...(canary && { canary: canaryAhead(canary, status) }),
    ...(blueGreen && { blueGreen: blueGreenAhead(blueGreen, status) }),
  };
  return { ...rollout, spec: { ...rollout.spec, strategy } };
}

function canaryAhead(canary: CanaryStrategy, status: RolloutStatus): CanaryStrategy {
  const { analysis, steps = [], ...rest } = canary;
  const entries = runEntries(status);
  const isFull = status.promoteFull === true;
  const index = isFull ? steps.length : (status.currentStepIndex ?? 0);
  const isBehind = (at: number): boolean => at < index || (at === index && entries.Step !== undefined);
  return {
    ...rest,
    ...(canary.steps && { steps: steps.map((step, at) => (isBehind(at) ? withoutMeasuring(step) : step)) }),
    ...(analysis && !isFull && !entries.Background && { analysis }),
  };
}

const noPause: CanaryStep = { pause: {} };

const withoutMeasuring = (step: CanaryStep): CanaryStep =>
  step.analysis || step.experiment || step.plugin ? noPause : step;

function blueGreenAhead(blueGreen: BlueGreenStrategy, status: RolloutStatus): BlueGreenStrategy {
  const { prePromotionAnalysis, postPromotionAnalysis, previewService, ...rest } = blueGreen;
  const { PrePromotion, PostPromotion } = runEntries(status);
  const isFull = status.promoteFull === true;
  const isResumed = status.controllerPause === true && (status.pauseConditions ?? []).length === 0;
  return {
    ...rest,
    ...(prePromotionAnalysis && !isFull && !PrePromotion && { prePromotionAnalysis }),
    ...(postPromotionAnalysis && !isFull && !PostPromotion && { postPromotionAnalysis }),
    ...(previewService && !isFull && !isResumed && { previewService }),
  };
}
