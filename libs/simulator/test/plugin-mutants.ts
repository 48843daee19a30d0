// Engines that are wrong about step plugins on purpose.
import { decideRollout } from '@sluice/engine';
import type { RolloutSnapshot, StepPluginAnswer } from '@sluice/engine';
import type { RolloutStatus, StepPluginStatus } from '@sluice/model';
import type { DecideRollout } from '../src/index.ts';

function withEntries(
  status: RolloutStatus,
  change: (entries: readonly StepPluginStatus[]) => StepPluginStatus[],
): RolloutStatus {
  const entries = status.canary?.stepPluginStatuses;
  return entries ? { ...status, canary: { ...status.canary, stepPluginStatuses: change(entries) } } : status;
}

/** Keeps only what the update at hand has begun. */
export const forgetsWhatRuns: DecideRollout = (snapshot) => {
  const decision = decideRollout(snapshot);
  const isOwn = (entry: StepPluginStatus, entries: readonly StepPluginStatus[]): boolean =>
    entries.some(({ index, operation }) => operation === 'Run' && index === entry.index);
  const status = withEntries(decision.status, (entries) => entries.filter((entry) => isOwn(entry, entries)));
  return { ...decision, status };
};

/** Lets run what nobody wants any more. */
export const endsNothing: DecideRollout = (snapshot) => {
  const decision = decideRollout(snapshot);
  const isEnding = (action: (typeof decision.actions)[number]): boolean =>
    action.kind === 'CallStepPlugin' && action.call.operation !== 'Run';
  return { ...decision, actions: decision.actions.filter((action) => !isEnding(action)) };
};

/** Takes a step that has begun for one that is done. */
export const trustsRunningPlugins: DecideRollout = (snapshot) =>
  decideRollout(
    withAnswers(snapshot, (answer) => (answer.phase === 'Running' ? { ...answer, phase: 'Successful' } : answer)),
  );

function withAnswers(
  snapshot: RolloutSnapshot,
  change: (answer: StepPluginAnswer) => StepPluginAnswer,
): RolloutSnapshot {
  const { stepPlugins } = snapshot;
  if (!stepPlugins) return snapshot;
  const answers = Object.entries(stepPlugins.answers).map(([key, answer]) => [key, change(answer)] as const);
  return { ...snapshot, stepPlugins: { ...stepPlugins, answers: Object.fromEntries(answers) } };
}

/** Does not see that a plugin has ended what it did. */
export const endsTwice: DecideRollout = (snapshot) => {
  const { rollout } = snapshot;
  const status = withEntries(rollout.status ?? {}, (entries) =>
    entries.map(({ phase, ...entry }) => (entry.operation === 'Run' && phase ? { ...entry, phase } : entry)),
  );
  return decideRollout({ ...snapshot, rollout: { ...rollout, status } });
};
