import { decideExperiment, decideRollout, sightCommands } from '@sluice/engine';
import type {
  CommandSightings,
  Decision,
  EventIntent,
  ExperimentDecision,
  ExperimentSnapshot,
  RolloutSnapshot,
} from '@sluice/engine';
import type { ReplicaSet, Rollout } from '@sluice/model';
import { noCapabilities } from '@sluice/engine';
import type { Capabilities } from '@sluice/engine';
import type { AnalysisMemory, Measure } from './analysis-runner.ts';
import { Cache } from './cache.ts';
import { everyExperimentIsDue } from './experiment-manager.ts';
import type { ExperimentMemory } from './experiment-manager.ts';
import { controllerOf } from './objects.ts';
import type { Kind, StoredKinds } from './objects.ts';
import { createRouter } from './router.ts';
import type { RouterOptions, VirtualRouter } from './router.ts';
import { createStepPlugins } from './step-plugin.ts';
import type { StepPluginOptions, VirtualStepPlugins } from './step-plugin.ts';
import { Store } from './store.ts';

export type DecideRollout = (snapshot: RolloutSnapshot) => Decision;
export type DecideExperiment = (snapshot: ExperimentSnapshot) => ExperimentDecision;

/** How long pods take in this world. Milliseconds. */
export interface PodTimes {
  /** From creation to ready. */
  readonly startMs: number;
  /** From the deletion to gone. */
  readonly terminationMs: number;
}

export interface WorldOptions {
  /** Epoch milliseconds at the beginning. */
  readonly now?: number;
  readonly namespace?: string;
  /** The engine; another one to see what the properties find. */
  readonly decide?: DecideRollout;
  readonly decideExperiment?: DecideExperiment;
  readonly pods?: Partial<PodTimes>;
  readonly capabilities?: Capabilities;
  /** What metrics say; all is well when absent. */
  readonly measure?: Measure;
  /** Traffic routers that are installed. */
  readonly routers?: readonly RouterOptions[];
  /** There are step plugins. */
  readonly stepPlugins?: StepPluginOptions;
}

/** What the kubelet knows about a pod and the API does not say. */
export interface PodLife {
  /** When it will be ready; undefined: never. */
  readyAt: number | undefined;
  readySince: number | undefined;
  goneAt: number | undefined;
}

/** What the controller remembers about one Rollout between two turns. All of it may be lost at any time. */
export interface ControllerMemory {
  wakeAt: number | undefined;
  /** Since when a status of which only counters changed waits to be written. */
  statusWaitsSince: number | undefined;
  createFailure: RolloutSnapshot['createFailure'];
  /** Its first sight has been recorded. */
  isKnown: boolean;
  /** As the cache last showed it, and the commands that were seen to arrive. */
  seen?: Rollout;
  commands?: CommandSightings | undefined;
  /** The ReplicaSet of the stable version, as the cache last showed it. */
  lastStable?: ReplicaSet;
}

export interface RecordedEvent extends EventIntent {
  readonly rollout: string;
  /** Of this AnalysisRun, and of no Rollout. */
  readonly run?: string;
  /** Of this Experiment, and of no Rollout. */
  readonly experiment?: string;
}

export interface World {
  readonly store: Store;
  /** What the rollout-controller sees. */
  readonly cache: Cache;
  /** What the experiment-manager sees. */
  readonly managerCache: Cache;
  readonly decide: DecideRollout;
  readonly decideExperiment: DecideExperiment;
  readonly capabilities: Capabilities;
  readonly pods: PodTimes;
  readonly lives: Map<string, PodLife>;
  /** Images that differ from `pods.startMs`; `never`: their pods never become ready. */
  readonly images: Map<string, number | 'never'>;
  readonly memories: Map<string, ControllerMemory>;
  /** What the analysis-runner remembers of each AnalysisRun. */
  readonly analyses: Map<string, AnalysisMemory>;
  /** What the experiment-manager remembers of each Experiment. */
  readonly experiments: Map<string, ExperimentMemory>;
  /** Those that are installed. */
  readonly routers: readonly VirtualRouter[];
  readonly stepPlugins: VirtualStepPlugins | undefined;
  /** What metrics say: people and chance change it. */
  measure: Measure;
  /** Rollouts, ReplicaSets, Deployments, AnalysisRuns and Experiments whose controller has something to look at. */
  readonly due: {
    readonly rollouts: Set<string>;
    readonly replicaSets: Set<string>;
    readonly deployments: Set<string>;
    readonly analysisRuns: Set<string>;
    readonly experiments: Set<string>;
  };
  readonly events: RecordedEvent[];
  /** The API server refuses to create ReplicaSets (a quota, a webhook). */
  createsRefused: boolean;
  /** A disruption budget refuses each eviction. */
  evictionsRefused: boolean;
}

const START = Date.UTC(2026, 0, 1);
const DEFAULT_TIMES: PodTimes = { startMs: 1000, terminationMs: 500 };

export function createWorld(options: WorldOptions = {}): World {
  const routers = (options.routers ?? []).map(createRouter);
  const stepPlugins = options.stepPlugins && createStepPlugins(options.stepPlugins);
  const capabilities = {
    ...(options.capabilities ?? noCapabilities),
    ...(stepPlugins && { stepPlugins: stepPlugins.names }),
  };
  const store = new Store(options.now ?? START, options.namespace ?? 'simulated', (kind, object) =>
    noticed(world, kind, object),
  );
  const world: World = {
    store,
    cache: new Cache(store),
    managerCache: new Cache(store),
    decide: options.decide ?? decideRollout,
    decideExperiment: options.decideExperiment ?? decideExperiment,
    capabilities: routers.length > 0 ? { ...capabilities, routers: routers.map(({ name }) => name) } : capabilities,
    routers,
    stepPlugins,
    pods: { ...DEFAULT_TIMES, ...options.pods },
    lives: new Map(),
    images: new Map(),
    memories: new Map(),
    analyses: new Map(),
    experiments: new Map(),
    measure: options.measure ?? (() => ({ phase: 'Successful' })),
    due: {
      rollouts: new Set(),
      replicaSets: new Set(),
      deployments: new Set(),
      analysisRuns: new Set(),
      experiments: new Set(),
    },
    events: [],
    createsRefused: false,
    evictionsRefused: false,
  };
  return world;
}

export function memoryOf(world: World, rollout: string): ControllerMemory {
  let memory = world.memories.get(rollout);
  if (memory === undefined) {
    memory = { wakeAt: undefined, statusWaitsSince: undefined, createFailure: undefined, isKnown: false };
    world.memories.set(rollout, memory);
  }
  return memory;
}

/** Keeps what is known of the order of commands up to date with what the cache shows. */
export function sightRollout(world: World, name: string): void {
  const rollout = world.cache.get('Rollout', name);
  if (rollout === undefined) return;
  const memory = memoryOf(world, name);
  memory.commands = sightCommands(memory.commands, memory.seen, rollout);
  memory.seen = rollout;
}

export function everyRolloutIsDue(world: World): void {
  for (const name of world.store.table('Rollout').keys()) world.due.rollouts.add(name);
}

/** Who is told about a write: the controllers of Kubernetes at once, the rollout controller when the cache shows it. */
function noticed(world: World, kind: Kind, object: StoredKinds[Kind]): void {
  const owner = controllerOf(object);
  switch (kind) {
    case 'Rollout':
      world.due.rollouts.add(object.metadata.name);
      sightRollout(world, object.metadata.name);
      break;
    case 'ReplicaSet':
      world.due.replicaSets.add(object.metadata.name);
      if (owner?.kind === 'Rollout') world.due.rollouts.add(owner.name);
      else if (owner?.kind === 'Deployment') world.due.deployments.add(owner.name);
      else if (owner?.kind === 'Experiment') world.due.experiments.add(owner.name);
      else everyRolloutIsDue(world);
      break;
    case 'Pod':
      if (owner?.kind === 'ReplicaSet') world.due.replicaSets.add(owner.name);
      break;
    case 'Deployment':
      world.due.deployments.add(object.metadata.name);
      everyRolloutIsDue(world);
      break;
    case 'AnalysisRun':
      world.due.analysisRuns.add(object.metadata.name);
      if (owner?.kind === 'Rollout') world.due.rollouts.add(owner.name);
      if (owner?.kind === 'Experiment') world.due.experiments.add(owner.name);
      break;
    case 'Experiment':
      world.due.experiments.add(object.metadata.name);
      if (owner?.kind === 'Rollout') world.due.rollouts.add(owner.name);
      break;
    case 'Service':
      if (owner?.kind === 'Experiment') world.due.experiments.add(owner.name);
      else everyRolloutIsDue(world);
      break;
    case 'PodTemplate':
    case 'AnalysisTemplate':
      everyRolloutIsDue(world);
      everyExperimentIsDue(world);
      break;
    default:
      kind satisfies never;
  }
}
