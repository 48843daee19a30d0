import { isPeerError } from '@sluice/peers';
import { assertInCharge } from '@sluice/reconcile';
import { keyIn, uidOf } from './execution.ts';
import type { ActionOf, Execution } from './execution.ts';

const noRunner = 'no analysis-runner is configured (--analysis-runner)';

/** Whether the next snapshot knows more: the run exists, or there will be none. The runner being away stops nothing. */
export async function ensureRun(execution: Execution, action: ActionOf<'EnsureAnalysisRun'>): Promise<boolean> {
  const { analysis, answers, signal } = execution;
  const uid = uidOf(execution);
  const { key, run } = action;
  if (answers.runnerRests(uid, execution.now())) return false;
  assertInCharge(execution);
  try {
    if (analysis === undefined) return away(execution, noRunner);
    // With the name: an experiment that is run again within a second wants another run.
    const idempotencyKey = `${uid}/${key}/${run.metadata.name}`;
    const { name } = await analysis.ensureRun(run, { idempotencyKey, signal });
    answers.runnerAnswered(uid);
    answers.runStarted(uid, key, name);
    return true;
  } catch (error) {
    if (signal.aborted || !isPeerError(error)) throw error;
    if (error.code !== 'Invalid') return away(execution, error.message);
    answers.runRefused(uid, key, error.message);
    return true;
  }
}

export async function terminateRun(execution: Execution, action: ActionOf<'TerminateAnalysisRun'>): Promise<boolean> {
  const { analysis, answers, signal } = execution;
  const { name, uid } = action.run;
  if (answers.runnerRests(uidOf(execution), execution.now())) return false;
  assertInCharge(execution);
  try {
    if (analysis === undefined) return away(execution, noRunner);
    await analysis.terminateRun({ ...keyIn(execution, name), uid }, { signal });
    answers.runnerAnswered(uidOf(execution));
    for (const event of action.events) execution.record(event);
    return false;
  } catch (error) {
    if (signal.aborted || !isPeerError(error)) throw error;
    return away(execution, error.message);
  }
}

function away(execution: Execution, message: string): false {
  execution.answers.runnerAway(uidOf(execution), message, execution.now());
  return false;
}
