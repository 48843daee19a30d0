import type { Decision, RolloutSnapshot } from '@sluice/engine';
import { needsEvidence } from './evidence.ts';
import type { Violation } from './violation.ts';

/**
 * No update goes past an experiment step without an experiment of that step and version that was successful. People who skip the step, promote fully or
 * go back take that on themselves.
 */
export function experimentViolations(snapshot: RolloutSnapshot, decision: Decision): Violation[] {
  if (!needsEvidence(snapshot, decision)) return [];
  const { status: before = {}, spec } = snapshot.rollout;
  const passed = (spec.strategy?.canary?.steps ?? []).slice(0, decision.status.currentStepIndex ?? 0);
  return passed.flatMap(({ experiment }, index) => {
    if (index < (before.currentStepIndex ?? 0) || !experiment || hasSucceeded(snapshot, index)) return [];
    return [
      {
        property: 'experiment-evidence',
        what: `step ${index} is passed without an experiment of it that was successful`,
      },
    ];
  });
}

function hasSucceeded({ rollout, experiments = [] }: RolloutSnapshot, step: number): boolean {
  const ofStep = `${rollout.metadata.name}-${rollout.status?.currentPodHash}-`;
  return experiments.some(({ metadata: { name }, status }) => {
    const isOfStep = name.startsWith(ofStep) && new RegExp(`^\\d+-${step}(-\\d+)?$`).test(name.slice(ofStep.length));
    return isOfStep && status?.phase === 'Successful';
  });
}
