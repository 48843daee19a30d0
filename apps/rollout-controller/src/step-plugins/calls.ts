import type { EpochMs, StepPluginAnswer, StepPluginCall, StepPluginPhase } from '@sluice/engine';
import type { StepPhase, StepResult } from '@sluice/contracts';
import type { Rollout } from '@sluice/model';
import type { StepClient } from '@sluice/plugin-host';
import { rolloutRef } from '../routers/messages.ts';

/** One call over gRPC. Throws PluginCallError. */
export function callPlugin(
  client: StepClient,
  rollout: Rollout,
  { index, revision, method, config, status, key }: StepPluginCall,
  { epoch, signal }: { readonly epoch: number; readonly signal: AbortSignal },
): Promise<StepResult> {
  const step = {
    rollout: rolloutRef(rollout),
    revision,
    stepIndex: index,
    configJson: JSON.stringify(config ?? {}),
    stateJson: status === undefined ? '' : JSON.stringify(status),
  };
  switch (method) {
    case 'Run':
      return client.run(step, { epoch, signal, key });
    case 'Poll':
      return client.poll(step, { signal });
    case 'Terminate':
      return client.terminate(step, { epoch, signal, key });
    case 'Abort':
      return client.abort(step, { epoch, signal, key });
  }
}

const phases: Readonly<Partial<Record<StepPhase, StepPluginPhase>>> = {
  PHASE_RUNNING: 'Running',
  PHASE_SUCCESSFUL: 'Successful',
  PHASE_FAILED: 'Failed',
  PHASE_ERROR: 'Error',
};

export function answerOf({ phase, message, stateJson, pollAfterMs }: StepResult, at: EpochMs): StepPluginAnswer {
  const said = phases[phase];
  const answer = { at, message, pollAfterMs, ...(said !== undefined && { phase: said }) };
  if (stateJson === '') return answer;
  try {
    return { ...answer, status: JSON.parse(stateJson) as unknown };
  } catch (error) {
    return { at, phase: 'Error', message: `the state that the plugin answered is not JSON: ${String(error)}` };
  }
}
