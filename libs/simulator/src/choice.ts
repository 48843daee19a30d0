import { podTemplateHashLabel, serviceNamesOf } from '@sluice/model';
import { happenings, nextMoment, passTime, play } from './agenda.ts';
import { restartRunner } from './analysis-runner.ts';
import type { Measured } from './analysis-runner.ts';
import * as commands from './commands.ts';
import type { Promotion } from './commands.ts';
import { everyExperimentIsDue, reconcileExperiment, restartManager } from './experiment-manager.ts';
import { removeOwner, removeReplicaSet } from './garbage.ts';
import { deletePod, setImageBehaviour, unreadyPod } from './kubelet.ts';
import { isDeleting } from './objects.ts';
import type { Kind } from './objects.ts';
import { restartRouter } from './router.ts';
import { disturbPlugins } from './step-plugin-faults.ts';
import { reconcile } from './turn.ts';
import type { Turn } from './turn.ts';
import { everyRolloutIsDue } from './world.ts';
import type { World } from './world.ts';

/**
 * One thing that chance, or a person, chose. `nth` counts among what there is at that moment, modulo its number, so that a history
 * stays playable when a test shrinks it.
 */
export type Choice =
  /** So many happenings. Each picks among what is due (the picks are used in turn); where nothing is due, time passes. */
  | { readonly do: 'run'; readonly happenings: number; readonly picks: readonly number[] }
  | { readonly do: 'pass-time'; readonly ms: number }
  /** A reconcile whose controller dies after so many writes. */
  | { readonly do: 'die'; readonly after: number }
  /** A reconcile in which something else happens between the decision and its first write. */
  | { readonly do: 'race'; readonly with: Choice }
  | { readonly do: 'set-image'; readonly image: string }
  | { readonly do: 'promote'; readonly how: Promotion }
  | { readonly do: 'abort' }
  | { readonly do: 'retry' }
  | { readonly do: 'pause'; readonly paused: boolean }
  | { readonly do: 'undo' }
  | { readonly do: 'scale'; readonly replicas: number }
  | { readonly do: 'restart' }
  /** Merged into the Rollout's spec: steps, surge, delays. */
  | { readonly do: 'change-spec'; readonly patch: object }
  | { readonly do: 'image-behaviour'; readonly image: string; readonly startMs: number | 'never' }
  | { readonly do: 'pod-dies'; readonly nth: number }
  | { readonly do: 'pod-unready'; readonly nth: number }
  | { readonly do: 'delete-set'; readonly nth: number }
  | { readonly do: 'scale-set'; readonly nth: number; readonly replicas: number }
  | { readonly do: 'touch-set'; readonly nth: number }
  /** Somebody points a Service at one of the versions, or at none. */
  | { readonly do: 'edit-service'; readonly nth: number; readonly set: number | 'none' }
  | { readonly do: 'delete-service'; readonly nth: number }
  /** The cache no longer shows what changes of this kind, or of one ReplicaSet, until `catch-up`. */
  | { readonly do: 'lag'; readonly kind: Kind }
  | { readonly do: 'lag-set'; readonly nth: number }
  | { readonly do: 'catch-up' }
  /** From now on each metric says so. */
  | { readonly do: 'metrics-say'; readonly phase: Measured['phase'] }
  /** The analysis-runner forgets everything that is not stored. */
  | { readonly do: 'runner-dies' }
  | { readonly do: 'terminate-run'; readonly nth: number }
  | { readonly do: 'delete-run'; readonly nth: number }
  /** A reconcile of an Experiment whose manager dies after so many writes. */
  | { readonly do: 'manager-dies'; readonly nth: number; readonly after: number }
  /** The manager's cache no longer shows what changes of this kind, until `catch-up`. */
  | { readonly do: 'manager-lags'; readonly kind: Kind }
  | { readonly do: 'terminate-experiment' | 'delete-experiment'; readonly nth: number }
  /** Somebody clears its status, so that it runs again. */
  | { readonly do: 'retry-experiment'; readonly nth: number }
  /** So many of a router's next answers are lost, though it does what it is told. */
  | { readonly do: 'router-loses'; readonly nth?: number; readonly replies: number }
  | { readonly do: 'router-goes' | 'router-restarts'; readonly nth?: number }
  | { readonly do: 'router-delays'; readonly nth?: number; readonly ms: number }
  /** So many answers of step plugins are lost, or are errors. */
  | { readonly do: 'plugins-lose' | 'plugins-err'; readonly replies: number }
  | { readonly do: 'plugins-go' | 'plugins-restart' }
  /** How long their answers take, and what they do. */
  | { readonly do: 'plugins-delay' | 'plugins-take'; readonly ms: number }
  | { readonly do: 'plugins-end'; readonly outcome: 'completed' | 'failed' }
  | { readonly do: 'refuse-creates'; readonly refused: boolean }
  | { readonly do: 'refuse-evictions'; readonly refused: boolean };

/** Plays one choice on the only Rollout, or the one named. Returns what the controller did in it. */
export function step(world: World, choice: Choice, rollout = firstRollout(world)): Turn[] {
  switch (choice.do) {
    case 'run':
      return Array.from({ length: choice.happenings }, (_, i) => runOne(world, nth(choice.picks, i) ?? 0)).flat();
    case 'pass-time':
      passTime(world, world.store.now + choice.ms);
      return [];
    case 'die':
      return list(reconcile(world, rollout, { diesAfter: choice.after }));
    case 'race': {
      const raced: Turn[] = [];
      const own = reconcile(world, rollout, { meanwhile: () => raced.push(...step(world, choice.with, rollout)) });
      return [...list(own), ...raced];
    }
    case 'lag':
      world.cache.holdKind(choice.kind);
      return [];
    case 'catch-up':
      catchUp(world);
      return [];
    default:
      meddle(world, choice, rollout);
      return [];
  }
}

type Meddling = Exclude<Choice, { do: 'run' | 'pass-time' | 'die' | 'race' | 'lag' | 'catch-up' }>;

function meddle(world: World, choice: Meddling, rollout: string): void {
  switch (choice.do) {
    case 'set-image':
      return commands.setImage(world, rollout, choice.image);
    case 'promote':
      return commands.promote(world, rollout, choice.how);
    case 'abort':
      return commands.abort(world, rollout);
    case 'retry':
      return commands.retry(world, rollout);
    case 'pause':
      return commands.pause(world, rollout, choice.paused);
    case 'undo':
      return commands.undo(world, rollout);
    case 'scale':
      return commands.scale(world, rollout, choice.replicas);
    case 'restart':
      return commands.restart(world, rollout);
    case 'change-spec':
      return commands.patchRolloutSpec(world, rollout, choice.patch);
    case 'image-behaviour':
      return setImageBehaviour(world, choice.image, choice.startMs);
    case 'refuse-creates':
      world.createsRefused = choice.refused;
      return;
    case 'refuse-evictions':
      world.evictionsRefused = choice.refused;
      return;
    case 'pod-dies':
    case 'pod-unready':
      return disturbPod(world, choice);
    case 'metrics-say':
    case 'runner-dies':
    case 'terminate-run':
    case 'delete-run':
      return disturbAnalysis(world, choice);
    case 'manager-dies':
    case 'manager-lags':
    case 'terminate-experiment':
    case 'delete-experiment':
    case 'retry-experiment':
      return disturbExperiment(world, choice);
    case 'router-loses':
    case 'router-goes':
    case 'router-restarts':
    case 'router-delays':
      return disturbRouter(world, choice);
    case 'plugins-lose':
    case 'plugins-err':
    case 'plugins-go':
    case 'plugins-restart':
    case 'plugins-delay':
    case 'plugins-take':
    case 'plugins-end':
      return disturbPlugins(world, choice);
    case 'delete-set':
    case 'scale-set':
    case 'touch-set':
    case 'lag-set':
      return disturbSet(world, choice, rollout);
    case 'edit-service':
    case 'delete-service':
      return disturbService(world, choice, rollout);
    default:
      return choice satisfies never;
  }
}

/** What waits in the watches arrives, all of it. */
export function catchUp(world: World): void {
  world.cache.release();
  world.managerCache.release();
  everyRolloutIsDue(world);
  everyExperimentIsDue(world);
}

function runOne(world: World, pick: number): Turn[] {
  const due = happenings(world);
  const chosen = nth(due, pick);
  if (chosen) return list(play(world, chosen));
  const at = nextMoment(world);
  if (at !== undefined) passTime(world, at);
  return [];
}

function disturbPod(world: World, choice: Extract<Choice, { do: 'pod-dies' | 'pod-unready' }>): void {
  const pod = nth(
    world.store.list('Pod').filter((candidate) => !isDeleting(candidate)),
    choice.nth,
  );
  if (pod === undefined) return;
  if (choice.do === 'pod-dies') deletePod(world, pod);
  else unreadyPod(world, pod);
}

function disturbAnalysis(
  world: World,
  choice: Extract<Choice, { do: 'metrics-say' | 'runner-dies' | 'terminate-run' | 'delete-run' }>,
): void {
  if (choice.do === 'runner-dies') return restartRunner(world);
  if (choice.do === 'metrics-say') {
    const { phase } = choice;
    world.measure = () => ({ phase });
    return;
  }
  const run = nth(world.store.list('AnalysisRun'), choice.nth);
  if (run === undefined) return;
  if (choice.do === 'delete-run') world.store.remove('AnalysisRun', run.metadata.name);
  else commands.patchObject(world, 'AnalysisRun', run.metadata.name, { spec: { terminate: true } });
}

function disturbExperiment(
  world: World,
  choice: Extract<
    Choice,
    { do: 'manager-dies' | 'manager-lags' | 'terminate-experiment' | 'delete-experiment' | 'retry-experiment' }
  >,
): void {
  if (choice.do === 'manager-lags') return world.managerCache.holdKind(choice.kind);
  const name = nth(world.store.list('Experiment'), choice.nth)?.metadata.name;
  if (name === undefined) return;
  switch (choice.do) {
    case 'manager-dies':
      reconcileExperiment(world, name, { diesAfter: choice.after });
      return restartManager(world);
    case 'terminate-experiment':
      return commands.patchObject(world, 'Experiment', name, { spec: { terminate: true } });
    case 'delete-experiment':
      return removeOwner(world, 'Experiment', name);
    case 'retry-experiment':
      world.store.replace('Experiment', name, {}, ({ status: _, ...experiment }) => experiment);
      return;
    default:
      return choice satisfies never;
  }
}

function disturbRouter(
  world: World,
  choice: Extract<Choice, { do: 'router-loses' | 'router-goes' | 'router-restarts' | 'router-delays' }>,
): void {
  const router = nth(world.routers, choice.nth ?? 0);
  if (router === undefined) return;
  switch (choice.do) {
    case 'router-loses':
      router.repliesToLose = choice.replies;
      return;
    case 'router-goes':
      router.isAway = true;
      return;
    case 'router-restarts':
      restartRouter(router, world.store.now);
      return everyRolloutIsDue(world);
    case 'router-delays':
      router.delayMs = choice.ms;
      return;
    default:
      return choice satisfies never;
  }
}

function disturbSet(
  world: World,
  choice: Extract<Choice, { do: 'delete-set' | 'scale-set' | 'touch-set' | 'lag-set' }>,
  rollout: string,
): void {
  const set = nth(commands.setsOf(world, rollout), choice.nth);
  if (set === undefined) return;
  const { name } = set.metadata;
  if (choice.do === 'delete-set') removeReplicaSet(world, name);
  else if (choice.do === 'touch-set') commands.touch(world, 'ReplicaSet', name);
  else if (choice.do === 'lag-set') world.cache.holdObject('ReplicaSet', name);
  else commands.patchObject(world, 'ReplicaSet', name, { spec: { replicas: choice.replicas } });
}

function disturbService(
  world: World,
  choice: Extract<Choice, { do: 'edit-service' | 'delete-service' }>,
  rollout: string,
): void {
  const owner = world.store.get('Rollout', rollout);
  const name = owner && nth(serviceNamesOf(owner), choice.nth);
  if (name === undefined || world.store.get('Service', name) === undefined) return;
  if (choice.do === 'delete-service') {
    world.store.remove('Service', name);
    return;
  }
  const set = choice.set === 'none' ? undefined : nth(commands.setsOf(world, rollout), choice.set);
  const hash = set?.metadata.labels?.[podTemplateHashLabel] ?? null;
  commands.patchObject(world, 'Service', name, { spec: { selector: { [podTemplateHashLabel]: hash } } });
}

const nth = <T>(items: readonly T[], n: number): T | undefined => (items.length ? items[n % items.length] : undefined);
const list = <T>(item: T | undefined): T[] => (item === undefined ? [] : [item]);
const firstRollout = (world: World): string => world.store.table('Rollout').keys().next().value ?? '';
