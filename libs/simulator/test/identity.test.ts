// Property 5: what is there already is recognised for what it is; taking over, or noise, writes nothing and starts nothing.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { podTemplateHashLabel, withTemplateDefaults } from '@sluice/model';
import type { KubeObject, Rollout } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import {
  abort,
  createWorld,
  kinds,
  latestTimeIn,
  observe,
  promote,
  restore,
  settle,
  setsOf,
  step,
  touch,
} from '../src/index.ts';
import type { DecideRollout, World } from '../src/index.ts';
import { blueGreenHistory, canaryHistory, ROLLOUT } from './history.ts';
import type { History } from './history.ts';
import { trustsOnlyItsHash } from './mutants.ts';
import { begin, expectSafe, rest, stopFaults } from './play.ts';
import { histories, runs } from './size.ts';

const directory = new URL('../../../tools/parity/takeover/', import.meta.url);
const moments = readdirSync(directory).filter((name) => /^(canary|blue-green)-/.test(name));
const objectsOf = (moment: string): KubeObject[] =>
  JSON.parse(readFileSync(new URL(moment, directory), 'utf8')) as KubeObject[];

function takenOver(moment: string, decide?: DecideRollout): World {
  const objects = objectsOf(moment);
  const world = createWorld({ now: latestTimeIn(objects), ...(decide ? { decide } : {}) });
  restore(world, objects);
  return world;
}

const rolloutIn = (world: World): Rollout => world.store.get('Rollout', ROLLOUT)!;
const firstDecision = (world: World) => world.decide(observe(world, rolloutIn(world)));
const settled = (world: World) => {
  const run = settle(world, { maxTurns: 200 });
  expectSafe(run.turns);
  expect(run.ended).toBe('settled');
  return rolloutIn(world).status;
};

describe.each(moments)('Taking over %s', (moment) => {
  it('writes nothing', () => {
    const { actions, statusUrgency } = firstDecision(takenOver(moment));
    expect({ actions, statusUrgency }).toEqual({ actions: [], statusUrgency: 'unchanged' });
  });

  it('goes on to Healthy when promoted', () => {
    const world = takenOver(moment);
    const before = setsOf(world, ROLLOUT).length;
    promote(world, ROLLOUT, 'full');
    if (rolloutIn(world).status?.abort) return;
    expect(settled(world)).toMatchObject({ phase: 'Healthy', stableRS: rolloutIn(world).status?.currentPodHash });
    expect(setsOf(world, ROLLOUT).length).toBe(before);
  });

  it('goes back to the stable version when aborted', () => {
    const world = takenOver(moment);
    const { stableRS, currentPodHash } = rolloutIn(world).status ?? {};
    abort(world, ROLLOUT);
    expect(settled(world)).toMatchObject({ phase: stableRS === currentPodHash ? 'Healthy' : 'Degraded', stableRS });
    const stable = setsOf(world, ROLLOUT).find((set) => set.metadata.labels?.[podTemplateHashLabel] === stableRS);
    expect(stable?.status?.availableReplicas).toBe(rolloutIn(world).spec.replicas);
  });
});

/** Other names for the versions, everywhere: as if a controller with another hash function had made them. */
function renameHashes(world: World): void {
  const hashes = setsOf(world, ROLLOUT).map((set) => set.metadata.labels?.[podTemplateHashLabel] ?? '');
  for (const kind of kinds)
    for (const object of world.store.list(kind)) {
      const text = hashes.reduce(
        (all, hash, i) => all.replaceAll(`"${hash}"`, `"other${i}"`).replaceAll(`=${hash}`, `=other${i}`),
        JSON.stringify(object),
      );
      world.store.restore(kind, JSON.parse(text) as typeof object);
    }
  world.due.replicaSets.clear();
}

/** The same template as a server that fills in defaults would store it. */
function fillDefaults(world: World): void {
  world.store.replace('Rollout', ROLLOUT, {}, (rollout) => ({
    ...rollout,
    spec: rollout.spec.template
      ? { ...rollout.spec, template: withTemplateDefaults(rollout.spec.template) }
      : rollout.spec,
  }));
}

export function keepsIdentity(history: History, decide?: DecideRollout): void {
  const world = begin(history, decide ? { decide } : {});
  settle(world);
  for (const choice of history.choices) step(world, choice);
  stopFaults(world, history);
  rest(world, 'faults have stopped');
  const before = rolloutIn(world).status;
  if (before?.phase === 'Degraded') return;
  renameHashes(world);
  const renamed = firstDecision(world);
  expect(renamed.actions).toEqual([]);
  expect(renamed.statusUrgency).toBe('unchanged');
  const [index, sets] = [before?.currentStepIndex, setsOf(world, ROLLOUT).length];
  fillDefaults(world);
  for (const set of setsOf(world, ROLLOUT)) touch(world, 'ReplicaSet', set.metadata.name);
  rest(world, 'defaults are filled in');
  expect(rolloutIn(world).status?.currentStepIndex).toBe(index);
  expect(setsOf(world, ROLLOUT).length).toBe(sets);
}

describe('A version is recognised by what it runs', () => {
  it.each([
    ['canary', canaryHistory],
    ['blue-green', blueGreenHistory],
  ])(
    'a settled %s stays as it is under other hashes, filled-in defaults and foreign annotations',
    { timeout: 600_000 },
    (_, history) => {
      fc.assert(
        fc.property(history, (random) => keepsIdentity(random)),
        runs(histories / 20),
      );
    },
  );

  it('which catches an engine that trusts only the hash that it computes', () => {
    const result = fc.check(
      fc.property(canaryHistory, (history) => keepsIdentity(history, trustsOnlyItsHash)),
      { numRuns: 300, endOnFailure: true, seed: 42 },
    );
    expect(result.failed).toBe(true);
  });
});
