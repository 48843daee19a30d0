// Snapshots that nobody would write but the API server would store: real ones, with fields taken away or replaced by others of the same type.
import fc from 'fast-check';
import type { RolloutSnapshot } from '@sluice/engine';
import { observe, settle, step } from '../src/index.ts';
import { ROLLOUT } from './history.ts';
import type { History } from './history.ts';
import { begin } from './play.ts';

/** Which of all fields (modulo their number; mostly of the Rollout), and what becomes of it. */
export interface Edit {
  readonly where: number;
  readonly inRollout: boolean;
  readonly become: 'absent' | 'null' | 'other' | 'garbage';
  readonly value: number;
}

export const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    where: fc.nat(100_000),
    inRollout: fc.constantFrom(true, true, false),
    become: fc.constantFrom('absent' as const, 'null' as const, 'other' as const, 'other' as const, 'garbage' as const),
    value: fc.nat(1000),
  }),
  { minLength: 1, maxLength: 12, size: 'max' },
);

/** A snapshot from the middle of a history. */
export function snapshotOf(history: History): RolloutSnapshot {
  const world = begin(history);
  if (history.deployed) settle(world, { maxTurns: 100 });
  for (const choice of history.choices) step(world, choice);
  return observe(world, world.store.get('Rollout', ROLLOUT)!);
}

// Required by every kind's schema, or put there by the assembly itself.
const kept = new Set([
  'metadata',
  'name',
  'uid',
  'resourceVersion',
  'capabilities',
  'kind',
  'now',
  'rollout',
  'workload',
  'replicaSets',
  'orphans',
  'services',
  'pods',
  'spec',
  'selector',
]);
/** Below these anything goes: the schema of Rollouts leaves pod templates to a dry run. */
const isOpaque = (path: readonly string[]): boolean =>
  path.length > 4 && path.slice(0, 4).join('.') === 'rollout.spec.template.spec';
const nullable = new Set([
  'replicas',
  'workloadRef',
  'revisionHistoryLimit',
  'progressDeadlineSeconds',
  'restartAt',
  'currentStepIndex',
  'collisionCount',
  'abortedAt',
  'pauseConditions',
  'restartedAt',
  'conditions',
  'blueGreen',
  'canary',
  'duration',
  'finishedAt',
  'rolloutStartedAt',
  'manualPauseStartedAt',
  'weights',
]);

const texts = [
  '',
  'x',
  '-1',
  '99999999999999999999',
  '2026-13-45T99:99:99Z',
  '2026-01-01T00:00:00.5+02:00',
  '%',
  '150%',
  'NaN',
  '__proto__',
  'constructor',
];
const numbers = [0, -1, 1, 7, 2_147_483_647, -2_147_483_648];
const garbage = [null, 'text', 7, [], {}, [null], { containers: 'none' }];

type Fields = Record<string, unknown>;

interface Place {
  readonly parent: Fields;
  readonly key: string;
  /** The keys that lead there, itself the last. */
  readonly path: readonly string[];
}

export function edited(snapshot: RolloutSnapshot, all: readonly Edit[]): RolloutSnapshot {
  const copy = JSON.parse(JSON.stringify(snapshot)) as RolloutSnapshot;
  for (const edit of all) {
    const places = [...placesIn(edit.inRollout ? { rollout: copy.rollout } : (copy as unknown as Fields), [])];
    const place = places[edit.where % Math.max(1, places.length)];
    if (place) applyEdit(place, edit);
  }
  return copy;
}

function* placesIn(parent: Fields, at: readonly string[]): Generator<Place> {
  for (const [key, child] of Object.entries(parent)) {
    const path = [...at, key];
    // What the assembly itself says (absent, unknown, the time) keeps its type.
    const isAssembled = at.length === 0 || at[0] === 'workload' || (at.length === 1 && at[0] === 'services');
    if (!isAssembled) yield { parent, key, path };
    if (typeof child === 'object' && child !== null && key !== 'capabilities') yield* placesIn(child as Fields, path);
  }
}

function applyEdit({ parent, key, path }: Place, { become, value }: Edit): void {
  if (become === 'garbage' && isOpaque(path)) parent[key] = garbage[value % garbage.length];
  else if (become === 'null' && nullable.has(key) && path[0] === 'rollout') parent[key] = null;
  else if (become === 'absent' && !kept.has(key) && !Array.isArray(parent)) delete parent[key];
  else if (become === 'other' && !kept.has(key)) parent[key] = another(parent[key], value);
}

function another(was: unknown, value: number): unknown {
  if (typeof was === 'string') return texts[value % texts.length];
  if (typeof was === 'number') return numbers[value % numbers.length];
  if (typeof was === 'boolean') return !was;
  if (Array.isArray(was)) return value % 2 === 0 ? [] : [...(was as unknown[]), ...(was as unknown[])];
  return was;
}
