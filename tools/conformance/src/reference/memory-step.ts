import { PluginError } from '@sluice/plugin-sdk';
import type { Json, Step, StepAnswer, StepOrder } from '@sluice/plugin-sdk';
import type { StepWorld } from '../world.ts';

/** Work that some other system does; it outlives the plugin. */
export interface Works {
  readonly running: Map<string, { ends: boolean }>;
  started: number;
}

export function createWorks(): Works {
  return { running: new Map(), started: 0 };
}

/** A step that keeps the contract: work is named after rollout, revision and step, and found again by that name. */
export function createMemoryStep(works: Works): Step {
  const nameOf = ({ rollout, revision, stepIndex }: StepOrder): string => `${rollout.uid}-${revision}-${stepIndex}`;

  function stateOf(name: string): StepAnswer {
    const state: Json = { work: name };
    const work = works.running.get(name);
    if (work === undefined) throw new PluginError('NotFound', `there is no work ${name}`);
    return work.ends ? { phase: 'Successful', state } : { phase: 'Running', state, pollAfterMs: 10_000 };
  }

  return {
    async run(order) {
      const name = nameOf(order);
      if (!works.running.has(name)) {
        works.running.set(name, { ends: order.config['ends'] === true });
        works.started += 1;
      }
      return stateOf(name);
    },
    poll: async ({ state }) => stateOf(String((state as { work?: string } | undefined)?.work)),
    terminate: async (order) => void works.running.delete(nameOf(order)),
    abort: async (order) => void works.running.delete(nameOf(order)),
  };
}

export function createStepWorld(works: Works): StepWorld {
  return { configJson: '{"ends":false}', starts: async () => works.started };
}
