// What must hold of step plugins: what they began is ended, no step is gone past before it is done, and nobody is asked again for what he has answered.
import { podTemplateHashLabel } from '@sluice/model';
import type { Rollout } from '@sluice/model';
import { openOperations, restartStepPlugins } from '../src/index.ts';
import type { Turn, VirtualStepPlugins, World } from '../src/index.ts';

/**
 * `plugin-ended`: what was begun goes on for nobody, or was not undone. `plugin-evidence`: a step was gone past that was not done. `plugin-calls`: a plugin was asked for what
 * it had answered, or to begin what it had ended.
 */
export type PluginBroke = 'plugin-ended' | 'plugin-evidence' | 'plugin-calls';

/** They are there, answer, and come to an end. */
export function calmStepPlugins(world: World, plugins: VirtualStepPlugins): void {
  plugins.excused = world.events.filter(({ message }) => message.includes('has not ended it since')).length;
  plugins.repliesToLose = 0;
  plugins.errors = 0;
  plugins.outcome = 'completed';
  plugins.delayMs = Math.min(plugins.delayMs, 1000);
  plugins.takesMs = Math.min(plugins.takesMs, 15_000);
  for (const operation of plugins.operations.values())
    operation.overAt = Math.min(operation.overAt, world.store.now + plugins.takesMs);
  restartStepPlugins(world);
}

/** At rest, when the update is over. */
export function* stepPluginWrongs(world: World, { status = {} }: Rollout): Generator<[PluginBroke, string]> {
  if (world.stepPlugins === undefined) return;
  const open = openOperations(world);
  if (open.length > world.stepPlugins.excused)
    yield ['plugin-ended', `${open.map(({ plugin, index }) => `${plugin} runs step ${index}`).join(', ')} for nobody`];
  const entries = status.canary?.stepPluginStatuses ?? [];
  for (const { operation, phase, index } of entries) {
    if (operation !== 'Run' && !phase) yield ['plugin-ended', `step ${index} is still to be ended`];
    const isUndone = entries.some((other) => other.operation === 'Abort' && other.index === index);
    if (status.abort && operation === 'Run' && phase !== 'Failed' && !isUndone)
      yield ['plugin-ended', `step ${index} was not undone`];
  }
}

/** Steps of plugins that a decision has gone past, one after the other, without their being done. */
export function* unprovenSteps(world: World, turns: readonly Turn[]): Generator<string> {
  if (world.stepPlugins === undefined) return;
  for (const { snapshot, decision } of turns.flatMap((each) => [...(each.earlier ?? []), each])) {
    const { status: before = {}, spec } = snapshot.rollout;
    const { status: after } = decision;
    const isSame = before.currentPodHash === after.currentPodHash && before.currentStepHash === after.currentStepHash;
    if (!isSame || before.promoteFull || before.abort || !before.stableRS || before.stableRS === before.currentPodHash)
      continue;
    // Where nothing is left to fall back to, the new version is stable at once.
    const isThere = snapshot.replicaSets.some(
      ({ metadata }) => metadata.labels?.[podTemplateHashLabel] === before.stableRS && !metadata.deletionTimestamp,
    );
    if (!isThere) continue;
    const steps = spec.strategy?.canary?.steps ?? [];
    for (let index = before.currentStepIndex ?? 0; index < (after.currentStepIndex ?? 0); index++) {
      if (!steps[index]?.plugin) continue;
      const entries = [...(before.canary?.stepPluginStatuses ?? []), ...(after.canary?.stepPluginStatuses ?? [])];
      if (entries.some((entry) => entry.index === index && entry.operation !== 'Run')) continue;
      const isDone = [...world.stepPlugins.operations].some(
        ([key, { state }]) => key.endsWith(`/${index}`) && state !== 'running',
      );
      if (!isDone) yield `step ${index} was gone past, and its plugin has not done it`;
    }
  }
}
