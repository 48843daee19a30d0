import { endedPhase, endingsOfGone, pluginTransition } from '@sluice/engine';
import type { EpochMs, StepPluginCall } from '@sluice/engine';
import { createWorkQueue, keyOf } from '@sluice/kube';
import type { KubeLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import type { CallContext } from '../routers/routers.ts';
import type { StepPlugins } from './step-plugins.ts';

/** Has ended what step plugins do for Rollouts that were deleted. */
export interface LastEndings {
  start(): void;
  stop(): Promise<void>;
  /** This Rollout is deleted, and this was its last status. */
  deleted(rollout: Rollout): void;
}

export interface LastEndingsOptions {
  readonly stepPlugins: Pick<StepPlugins, 'callForGone'>;
  readonly logger: KubeLogger;
  readonly mayWrite: (key: string) => boolean;
  readonly contextOf: (rollout: Rollout, signal: AbortSignal) => CallContext;
  readonly now: () => EpochMs;
}

/** A plugin that has not come back by then never learns of it. */
const patienceMs = 600_000;

export function createLastEndings({ stepPlugins, logger, mayWrite, contextOf, now }: LastEndingsOptions): LastEndings {
  const owed = new Map<string, { readonly rollout: Rollout; readonly call: StepPluginCall; readonly since: EpochMs }>();

  const queue = createWorkQueue({
    workers: 2,
    minBackoffMs: 500,
    run: async (id, signal) => {
      const debt = owed.get(id);
      if (debt === undefined) return;
      const { rollout, call, since } = debt;
      const key = keyOf(rollout.metadata);
      // Somebody else is in charge: he has seen it go as well.
      if (!mayWrite(key)) return void owed.delete(id);
      const context = contextOf(rollout, signal);
      try {
        const { phase, message } = await stepPlugins.callForGone(rollout, call, context);
        owed.delete(id);
        context.record(pluginTransition(call, endedPhase(phase), message));
      } catch (error) {
        if (signal.aborted) return;
        if (now() - since < patienceMs) throw error;
        owed.delete(id);
        logger.warn(
          { rollout: key, plugin: call.name, method: call.method, error },
          'a step plugin has not ended what it does for a Rollout that was deleted; it is given up',
        );
        context.record(pluginTransition(call, 'Failed', error instanceof Error ? error.message : String(error)));
      }
    },
  });

  return {
    start: () => queue.start(),
    stop: () => queue.drain(),
    deleted(rollout) {
      for (const call of endingsOfGone(rollout)) {
        owed.set(call.key, { rollout, call, since: now() });
        queue.add(call.key);
      }
    },
  };
}
