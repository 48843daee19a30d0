import { nextMeasurementMoment, reconcileRun, wakeRuns } from './analysis-runner.ts';
import { syncDeployment } from './deployment-controller.ts';
import { nextExperimentMoment, reconcileExperiment, wakeExperiments } from './experiment-manager.ts';
import { nextPodMoment, runKubelet } from './kubelet.ts';
import { nextAvailabilityMoment, syncReplicaSet, wakeForAvailability } from './replica-set-controller.ts';
import { reconcile } from './turn.ts';
import type { Turn } from './turn.ts';
import type { World } from './world.ts';

/** Something that a controller could do now. Which of them is first is for the caller to choose. */
export type Happening =
  | { readonly kind: 'reconcile'; readonly rollout: string }
  | { readonly kind: 'replica-set'; readonly name: string }
  | { readonly kind: 'deployment'; readonly name: string }
  | { readonly kind: 'analysis-run'; readonly name: string }
  | { readonly kind: 'experiment'; readonly name: string };

export function happenings(world: World): Happening[] {
  const { due, memories, store } = world;
  wakeRuns(world);
  wakeExperiments(world);
  for (const [name, { wakeAt }] of memories)
    if (wakeAt !== undefined && wakeAt <= store.now && store.get('Rollout', name)) due.rollouts.add(name);
  return [
    ...[...due.rollouts].map((rollout) => ({ kind: 'reconcile', rollout }) as const),
    ...[...due.replicaSets].map((name) => ({ kind: 'replica-set', name }) as const),
    ...[...due.deployments].map((name) => ({ kind: 'deployment', name }) as const),
    ...[...due.analysisRuns].map((name) => ({ kind: 'analysis-run', name }) as const),
    ...[...due.experiments].map((name) => ({ kind: 'experiment', name }) as const),
  ];
}

export function play(world: World, happening: Happening): Turn | undefined {
  switch (happening.kind) {
    case 'reconcile':
      return reconcile(world, happening.rollout);
    case 'replica-set':
      world.due.replicaSets.delete(happening.name);
      syncReplicaSet(world, happening.name);
      return undefined;
    case 'deployment':
      world.due.deployments.delete(happening.name);
      syncDeployment(world, happening.name);
      return undefined;
    case 'analysis-run':
      world.due.analysisRuns.delete(happening.name);
      reconcileRun(world, happening.name);
      return undefined;
    case 'experiment':
      reconcileExperiment(world, happening.name);
      return undefined;
    default:
      return happening satisfies never;
  }
}

/** The next moment at which time alone changes something; undefined: never. */
export function nextMoment(world: World): number | undefined {
  const moments = [
    nextPodMoment(world),
    nextAvailabilityMoment(world),
    nextMeasurementMoment(world),
    nextExperimentMoment(world),
  ];
  for (const [name, { wakeAt }] of world.memories) if (world.store.get('Rollout', name)) moments.push(wakeAt);
  const known = moments.filter((at) => at !== undefined);
  return known.length ? Math.min(...known) : undefined;
}

/** Moves the clock to `at`, through every moment at which a pod changes. */
export function passTime(world: World, at: number): void {
  for (;;) {
    const pods = nextPodMoment(world);
    const next = Math.min(at, pods ?? at);
    world.store.now = Math.max(world.store.now, next);
    runKubelet(world);
    if (next >= at) break;
  }
  wakeForAvailability(world);
}

export interface Run {
  readonly turns: readonly Turn[];
  /** `settled`: nothing is left to do, now or later. `horizon`: only after the horizon. `restless`: more turns than the limit. */
  readonly ended: 'settled' | 'horizon' | 'restless';
}

export interface SettleOptions {
  /** No further than this many milliseconds from now; an hour when absent. */
  readonly withinMs?: number;
  /** More turns of the controller than this count as never ending; 500 when absent. */
  readonly maxTurns?: number;
  /** Called after each happening. */
  readonly seen?: (turn: Turn | undefined) => void;
}

/** Lets everything happen that is due, first come first served, and time pass, until nothing is left. */
export function settle(world: World, { withinMs = 3_600_000, maxTurns = 500, seen }: SettleOptions = {}): Run {
  const turns: Turn[] = [];
  const until = world.store.now + withinMs;
  let [wakes, looks] = [0, 0];
  for (;;) {
    const next = happenings(world)[0];
    if (next) {
      const turn = play(world, next);
      seen?.(turn);
      if (turn) turns.push(turn);
      // A reconcile without a turn (the cache is behind) counts too: waiting for ever is no rest.
      if (turns.length > maxTurns || (next.kind === 'reconcile' && ++wakes > maxTurns * 2))
        return { turns, ended: 'restless' };
      if (next.kind === 'experiment' && ++looks > maxTurns * 4) return { turns, ended: 'restless' };
      continue;
    }
    const at = nextMoment(world);
    if (at === undefined) return { turns, ended: 'settled' };
    if (at > until) return { turns, ended: 'horizon' };
    passTime(world, at);
    seen?.(undefined);
  }
}
