import type { Choice } from './choice.ts';
import { restartStepPlugins } from './step-plugin.ts';
import type { World } from './world.ts';

type PluginFault = Extract<Choice, { readonly do: `plugins-${string}` }>;

/** What chance chose for the step plugins. */
export function disturbPlugins(world: World, choice: PluginFault): void {
  const { stepPlugins } = world;
  if (stepPlugins === undefined) return;
  switch (choice.do) {
    case 'plugins-lose':
      stepPlugins.repliesToLose = choice.replies;
      return;
    case 'plugins-err':
      stepPlugins.errors = choice.replies;
      return;
    case 'plugins-go':
      stepPlugins.isAway = true;
      return;
    case 'plugins-restart':
      return restartStepPlugins(world);
    case 'plugins-delay':
      stepPlugins.delayMs = choice.ms;
      return;
    case 'plugins-take':
      stepPlugins.takesMs = choice.ms;
      return;
    case 'plugins-end':
      stepPlugins.outcome = choice.outcome;
      return;
    default:
      return choice satisfies never;
  }
}
