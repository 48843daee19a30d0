import { eventReasons } from '@sluice/model';
import type { EventIntent } from '../decision.ts';
import type { StepPluginCall, StepPluginPhase } from './intent.ts';

const verbs = { Run: 'transitioned to', Terminate: 'terminated', Abort: 'aborted' } as const;

/** Tells where the operation of a step plugin has got to; `why` is told of what went wrong. Source: spec-traffic §8. */
export function pluginTransition(
  { name, index, operation }: Pick<StepPluginCall, 'name' | 'index' | 'operation'>,
  phase: StepPluginPhase,
  why?: string,
): EventIntent {
  const isBad = phase === 'Failed' || phase === 'Error';
  const told = operation === 'Run' ? phase : `(${phase})`;
  return {
    type: isBad ? 'Warning' : 'Normal',
    reason: eventReasons.stepPluginTransition,
    message: `Step plugin ${name} (step ${index + 1}) ${verbs[operation]} ${told}${isBad && why ? `: ${why}` : ''}`,
  };
}
