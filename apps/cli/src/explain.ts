import { type Explanation, decideRollout } from '@sluice/engine';
import type { KubeClient } from '@sluice/kube';
import { readRollout } from './cluster.ts';
import { CommandError } from './errors.ts';
import { type Phase, rolloutPhase } from './view/phase.ts';

/** Where a Rollout is, and why. */
export interface ExplainedRollout {
  readonly phase: Phase;
  readonly explanation: Explanation;
}

/**
 * Looks at a Rollout as the controller does, decides what the controller would, does nothing of it, and gives the reason.
 *
 * @throws KubeError when the Rollout is not there or may not be read
 */
export async function explainRollout(client: KubeClient, name: string, nowMs: number): Promise<ExplainedRollout> {
  // Loaded only here: no other command needs the controller.
  const { assembleFromApi } = await import('@sluice/rollout-controller');
  await readRollout(client, name);
  const snapshot = await assembleFromApi(client, client.namespace, name, { now: nowMs });
  if (snapshot === undefined) throw new CommandError(`rollout "${name}" has been deleted`);
  const phase = rolloutPhase(snapshot.rollout);
  const generation = snapshot.rollout.metadata.generation ?? 0;
  const observed = Number(snapshot.rollout.status?.observedGeneration ?? 0);
  // What should happen next says little as long as nobody is there to do it.
  if (observed < generation) return { phase, explanation: notObserved(generation, observed) };
  return { phase, explanation: decideRollout(snapshot).explanation };
}

function notObserved(generation: number, observed: number): Explanation {
  return {
    code: 'Progressing',
    detail: `No controller has looked at the newest spec yet (generation ${generation}, observed ${observed}).`,
    unblock: 'It goes on by itself within seconds; if it does not, no controller is running for this Rollout.',
  };
}
