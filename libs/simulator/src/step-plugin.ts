import type { StepPluginAnswer, StepPluginCall, StepPluginObservations } from '@sluice/engine';
import type { RolloutStatus } from '@sluice/model';
import { everyRolloutIsDue } from './world.ts';
import type { World } from './world.ts';

// The step plugins of this world, and what the controller remembers of their answers: as the controller's own memory does it. What a plugin has begun goes on
// while its process is away; only its answers do not come.

/** What a plugin does for one step of one attempt. */
export interface Operation {
  readonly plugin: string;
  readonly index: number;
  state: 'running' | 'completed' | 'failed' | 'terminated' | 'aborted';
  /** When it ends by itself. */
  overAt: number;
}

/** What the controller knows of the plugins. All of it may be lost at any time. */
interface PluginMemory {
  readonly answers: Map<string, StepPluginAnswer>;
  /** On their way: the plugin has done what it was told. */
  readonly coming: Map<
    string,
    { readonly call: StepPluginCall; readonly answer: StepPluginAnswer | undefined; readonly at: number }
  >;
  readonly rests: Map<string, { readonly until: number; readonly failures: number }>;
}

export interface VirtualStepPlugins {
  readonly names: readonly string[];
  /** By revision, attempt and step. */
  readonly operations: Map<string, Operation>;
  /** Calls whose answer was stored in a status: nobody makes them again. */
  readonly told: Set<string>;
  /** What nobody may ask of a plugin, and somebody did. */
  readonly wrongs: string[];
  /** How long an operation takes. Milliseconds. */
  takesMs: number;
  /** How it ends by itself. */
  outcome: 'completed' | 'failed';
  /** So many of the next answers are errors, whatever was done. */
  errors: number;
  /** So many of the next calls are carried out, and nobody learns of it. */
  repliesToLose: number;
  /** From a call to its answer. Milliseconds. */
  delayMs: number;
  isAway: boolean;
  /** Endings that were given up while something was wrong: so many operations may stay open. */
  excused: number;
  memory: PluginMemory;
}

export interface StepPluginOptions {
  readonly names: readonly string[];
  readonly takesMs?: number;
}

const noMemory = (): PluginMemory => ({ answers: new Map(), coming: new Map(), rests: new Map() });

export const createStepPlugins = ({ names, takesMs = 0 }: StepPluginOptions): VirtualStepPlugins => ({
  names,
  operations: new Map(),
  told: new Set(),
  wrongs: [],
  takesMs,
  outcome: 'completed',
  errors: 0,
  repliesToLose: 0,
  delayMs: 0,
  isAway: false,
  excused: 0,
  memory: noMemory(),
});

/** For the snapshot. */
export function pluginAnswers({ stepPlugins, store }: World): { stepPlugins?: StepPluginObservations } {
  if (stepPlugins === undefined) return {};
  arrive(stepPlugins, store.now);
  const { answers, rests } = stepPlugins.memory;
  const resting = [...rests].filter(([, { until }]) => until > store.now);
  return {
    stepPlugins: {
      answers: Object.fromEntries(answers),
      away: Object.fromEntries(resting.map(([name]) => [name, 'connection refused'])),
    },
  };
}

/** `resting`: its answer is on its way, or it has not answered a moment ago. */
export function callStepPlugin({ stepPlugins, store }: World, call: StepPluginCall): 'asked' | 'resting' {
  if (stepPlugins === undefined) return 'resting';
  const { memory, delayMs } = stepPlugins;
  if ((memory.rests.get(call.name)?.until ?? 0) > store.now || memory.coming.has(call.key)) return 'resting';
  const answer = reach(stepPlugins, call, store.now);
  memory.coming.set(call.key, { call, answer, at: store.now + delayMs });
  if (delayMs > 0) return 'resting';
  arrive(stepPlugins, store.now);
  return 'asked';
}

/** When an answer comes, or a plugin that did not answer may be asked again. */
export function pluginAgainAt({ stepPlugins, store }: World): number | undefined {
  if (stepPlugins === undefined) return undefined;
  const { coming, rests } = stepPlugins.memory;
  const moments = [...[...coming.values()].map(({ at }) => at), ...[...rests.values()].map(({ until }) => until)];
  const next = Math.min(...moments.filter((at) => at > store.now));
  return Number.isFinite(next) ? next : undefined;
}

/** This status is stored: whoever reads it knows what had been answered. */
export function answersAreTold(
  { stepPlugins }: World,
  known: StepPluginObservations | undefined,
  by: RolloutStatus,
): void {
  for (const key of Object.keys(known?.answers ?? {})) {
    if (!tells(by, key)) continue;
    stepPlugins?.told.add(key);
    stepPlugins?.memory.answers.delete(key);
  }
}

function tells({ canary }: RolloutStatus, key: string): boolean {
  const [operation, nth] = key.split('/').slice(-2);
  const index = Number(key.split('/').at(-3));
  const entry = canary?.stepPluginStatuses?.find((each) => each.index === index && each.operation === operation);
  return operation === 'Run' ? (entry?.executions ?? 0) >= Number(nth) : entry === undefined || !!entry.phase;
}

export function forgetPluginAnswers({ stepPlugins }: World): void {
  if (stepPlugins !== undefined) stepPlugins.memory = noMemory();
}

/** Its process is there (again). */
export function restartStepPlugins(world: World): void {
  const { stepPlugins } = world;
  if (stepPlugins === undefined) return;
  stepPlugins.isAway = false;
  stepPlugins.memory.rests.clear();
  everyRolloutIsDue(world);
}

/** Operations whose end nobody has learned of, and that nobody has ended. */
export const openOperations = ({ stepPlugins }: World): readonly Operation[] =>
  [...(stepPlugins?.operations.values() ?? [])].filter(({ state }) => state === 'running');

/** Rollout, revision, attempt and step. */
const identityOf = (key: string): string => key.split('/').slice(0, 4).join('/');

/** As whoever asks for it learns. */
function stateOf({ outcome }: VirtualStepPlugins, operation: Operation, now: number): Operation['state'] {
  if (operation.state === 'running' && operation.overAt <= now) operation.state = outcome;
  return operation.state;
}

/** Undefined: no answer comes back. */
function reach(plugins: VirtualStepPlugins, call: StepPluginCall, now: number): StepPluginAnswer | undefined {
  if (plugins.told.has(call.key)) plugins.wrongs.push(`${call.method} of ${call.key}, which was answered before`);
  if (plugins.isAway) return undefined;
  const phase = call.operation === 'Run' ? run(plugins, call, now) : end(plugins, call, now);
  if (plugins.repliesToLose > 0) {
    plugins.repliesToLose -= 1;
    return undefined;
  }
  if (plugins.errors > 0) {
    plugins.errors -= 1;
    return { at: now, phase: 'Error', message: 'no quota' };
  }
  return { at: now, phase, message: '', status: { key: identityOf(call.key) }, pollAfterMs: 10_000 };
}

function run(
  plugins: VirtualStepPlugins,
  { key, name, index }: StepPluginCall,
  now: number,
): NonNullable<StepPluginAnswer['phase']> {
  const identity = identityOf(key);
  const operation = plugins.operations.get(identity) ?? {
    plugin: name,
    index,
    state: 'running',
    overAt: now + plugins.takesMs,
  };
  plugins.operations.set(identity, operation);
  const state = stateOf(plugins, operation, now);
  if (state === 'terminated' || state === 'aborted') plugins.wrongs.push(`${key} runs, and was ${state} before`);
  return state === 'completed' ? 'Successful' : state === 'failed' ? 'Failed' : 'Running';
}

/** Succeeds where there is nothing to end; the step cannot begin any more then. */
function end(plugins: VirtualStepPlugins, { key, name, index, method }: StepPluginCall, now: number): 'Successful' {
  const identity = identityOf(key);
  const operation = plugins.operations.get(identity);
  const ended = method === 'Abort' ? 'aborted' : 'terminated';
  if (operation === undefined) plugins.operations.set(identity, { plugin: name, index, state: ended, overAt: now });
  else if (operation.state === 'running' || ended === 'aborted') operation.state = ended;
  return 'Successful';
}

function arrive({ memory }: VirtualStepPlugins, now: number): void {
  for (const [key, { call, answer, at }] of memory.coming) {
    if (at > now) continue;
    memory.coming.delete(key);
    if (answer) {
      memory.answers.set(key, { ...answer, at });
      memory.rests.delete(call.name);
      continue;
    }
    const failures = (memory.rests.get(call.name)?.failures ?? 0) + 1;
    memory.rests.set(call.name, { failures, until: at + Math.min(30_000, 1000 * 2 ** (failures - 1)) });
  }
}
