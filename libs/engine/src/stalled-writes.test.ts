import type { AnalysisPhase, CanaryStep, RolloutStrategy } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { JudgedWorld } from './testing/judged-world.ts';

// The API server stores what is created, and for some time no status: whatever was begun then is begun once.

const run = { templates: [{ templateName: 'check' }] };
const experiment: CanaryStep = {
  experiment: {
    templates: [{ name: 'candidate', specRef: 'canary' }],
    analyses: [{ name: 'check', templateName: 'check' }],
  },
};

/** Ends what has begun with success, one turn after it began. */
function judgeAll(world: JudgedWorld): void {
  const phase: AnalysisPhase = 'Successful';
  for (const name of world.runs.keys()) world.judge(name, phase);
  for (const [name, each] of world.experiments) world.experiments.set(name, { ...each, status: { phase } });
}

/** An update while no status is stored in the turns from `from` on, each of which takes some seconds. */
function updatedDuringStall(strategy: RolloutStrategy['canary'], from: number, turns: number): JudgedWorld {
  const world = new JudgedWorld({ canary: strategy! }, 2);
  world.setImage('shop:1').settle();
  world.now += 100;
  world.log.length = 0;
  world.image = 'shop:2';
  for (let turn = 0; turn < 40; turn++) {
    world.storesStatus = turn < from || turn >= from + turns;
    world.now += 3;
    const before = world.begun.length;
    world.turn();
    if (world.begun.length === before) judgeAll(world);
  }
  return world;
}

const moments = Array.from({ length: 9 }, (_, from) => [1, 2, 5].map((turns) => [from, turns] as const)).flat();

describe.each<[string, CanaryStep[], RolloutStrategy['canary']]>([
  ['an experiment that is the first step', [experiment, { pause: {} }], {}],
  ['an experiment after a weight', [{ setWeight: 50 }, experiment, { pause: {} }], {}],
  ['an analysis that is the first step', [{ analysis: run }, { pause: {} }], {}],
  ['an analysis after a weight', [{ setWeight: 50 }, { analysis: run }, { pause: {} }], {}],
  ['an analysis in the background', [{ setWeight: 50 }, { pause: {} }], { analysis: run }],
])('%s', (_what, steps, rest) => {
  it.each(moments)('begins once when no status is stored from turn %d on, for %d turns', (from, turns) => {
    const world = updatedDuringStall({ steps, ...rest }, from, turns);
    expect(world.begun).toHaveLength(1);
    expect(world.status).toMatchObject({ phase: 'Paused', currentStepIndex: steps.length - 1 });
  });
});

describe('the name that is stored first', () => {
  it('is chosen again when it belongs to another owner by the time it is asked for', () => {
    const world = new JudgedWorld({ canary: { steps: [experiment] } }, 2).setImage('shop:1').settle() as JudgedWorld;
    world.log.length = 0;
    world.image = 'shop:2';
    while (!world.status.canary?.currentExperiment) world.turn();
    expect(world.begun).toEqual([]);
    const taken = world.status.canary.currentExperiment;
    world.rest = { takenRunNames: [taken] };
    world.settle();
    expect(world.begun).toEqual(['2-0-1']);
    expect(world.status.canary.currentExperiment).toBe(`${taken}-1`);
  });

  it('is chosen again for a run, too', () => {
    const world = new JudgedWorld({ canary: { steps: [{ analysis: run }] } }, 2)
      .setImage('shop:1')
      .settle() as JudgedWorld;
    world.log.length = 0;
    world.image = 'shop:2';
    while (!world.status.canary?.currentStepAnalysisRunStatus) world.turn();
    expect(world.begun).toEqual([]);
    world.rest = { takenRunNames: [world.status.canary.currentStepAnalysisRunStatus.name] };
    world.settle();
    expect(world.begun).toEqual(['2-0.1']);
  });
});
