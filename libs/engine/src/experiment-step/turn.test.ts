import type { CanaryStep, Experiment, ExperimentStatus } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { JudgedWorld } from '../testing/judged-world.ts';

const steps: CanaryStep[] = [
  { setWeight: 25 },
  {
    experiment: {
      duration: '5m',
      templates: [
        { name: 'baseline', specRef: 'stable' },
        { name: 'candidate', specRef: 'canary', replicas: 2, metadata: { labels: { role: 'candidate' } } },
      ],
      analyses: [
        {
          name: 'check',
          templateName: 'check',
          args: [{ name: 'hash', valueFrom: { podTemplateHashValue: 'Latest' } }],
        },
      ],
    },
  },
  { pause: {} },
];

const updated = (): JudgedWorld =>
  new JudgedWorld({ canary: { steps } }, 4).setImage('shop:1').settle().setImage('shop:2').settle() as JudgedWorld;

function say(world: JudgedWorld, rest: string, status: ExperimentStatus): JudgedWorld {
  const name = world.named(rest);
  const experiment: Experiment = { ...world.experiments.get(name)!, status };
  world.experiments.set(name, experiment);
  return world.settle() as JudgedWorld;
}

describe('an experiment step', () => {
  it('begins an experiment of the stable and the new version, and waits for its end', () => {
    const world = updated();
    expect(world.begun).toEqual(['2-1']);
    expect(world.status).toMatchObject({ currentStepIndex: 1, canary: { currentExperiment: world.named('2-1') } });
    expect(world.events).toContain(`Created Experiment '${world.named('2-1')}'`);
    const { spec, metadata } = world.experiments.get(world.named('2-1'))!;
    expect(spec.templates?.map(({ name, template }) => [name, template?.spec?.containers[0]?.image])).toEqual([
      ['baseline', 'shop:1'],
      ['candidate', 'shop:2'],
    ]);
    expect(spec.templates?.[1]?.selector?.matchLabels).toMatchObject({ role: 'candidate' });
    expect(spec.analyses?.[0]?.args).toEqual([{ name: 'hash', value: world.status.currentPodHash }]);
    expect(metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Rollout', controller: true });
    say(world, '2-1', { phase: 'Running' });
    expect(world.status.currentStepIndex).toBe(1);
    expect(world.decide().explanation.code).toBe('WaitingForExperiment');
  });

  it('may be the first step', () => {
    const world = new JudgedWorld({ canary: { steps: steps.slice(1) } }, 4);
    world.setImage('shop:1').settle().setImage('shop:2').settle();
    expect(world.begun).toEqual(['2-0']);
  });

  it('is done when the experiment succeeds', () => {
    const world = say(updated(), '2-1', { phase: 'Successful' });
    expect(world.status).toMatchObject({ currentStepIndex: 2, phase: 'Paused' });
    expect(world.status.canary?.currentExperiment).toBeUndefined();
    expect(world.ended).toEqual([]);
  });

  it.each(['Failed', 'Error'] as const)('takes the update back when the experiment ends as %s', (phase) => {
    const world = say(updated(), '2-1', { phase, message: 'bad' });
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(world.status.message).toContain('Experiment analysis phase is error/failed: bad');
  });

  it('pauses when the experiment is inconclusive, and makes no other one before somebody resumes', () => {
    const world = say(updated(), '2-1', { phase: 'Inconclusive' });
    expect(world.status).toMatchObject({ phase: 'Paused', message: 'InconclusiveExperiment' });
    expect(world.begun).toEqual(['2-1']);
    world.patchStatus({ pauseConditions: null }).settle();
    expect(world.begun).toEqual(['2-1', '2-1-1']);
  });

  it('ends the experiment on abort, and a retry makes a new one', () => {
    const world = say(updated(), '2-1', { phase: 'Running' });
    world.patchStatus({ abort: true }).settle();
    expect(world.ended).toEqual(['2-1']);
    expect(world.status.canary?.currentExperiment).toBeUndefined();
    world.patchStatus({ abort: false }).settle();
    expect(world.begun).toEqual(['2-1', '2-1-1']);
  });

  it('makes a new experiment after an abort also when the old one cannot be seen to end yet', () => {
    const world = new JudgedWorld({ canary: { steps: steps.slice(1) } }, 4);
    world.setImage('shop:1').settle().setImage('shop:2').settle();
    say(world, '2-0', { phase: 'Running' });
    const old = world.experiments.get(world.named('2-0'))!;
    world.patchStatus({ abort: true }).settle();
    world.experiments.set(world.named('2-0'), old);
    world.patchStatus({ abort: false }).settle();
    expect(world.begun).toEqual(['2-0', '2-0-1']);
  });

  it('makes a new experiment after an abort also at a later step, when the old one was told to end but is seen to run', () => {
    const world = say(updated(), '2-1', { phase: 'Running' });
    const old = world.experiments.get(world.named('2-1'))!;
    world.rest = {
      get experiments() {
        return [...world.experiments.values()].map((one) => (one.metadata.name === old.metadata.name ? old : one));
      },
    };
    world.now += 10;
    world.patchStatus({ abort: true }).settle();
    world.patchStatus({ abort: false }).settle();
    expect(world.begun).toEqual(['2-1', '2-1-1']);
    expect(world.status.canary?.currentExperiment).toBe(world.named('2-1-1'));
  });

  it('does not end the experiment before the abort is stored: somebody may take that back', () => {
    const world = say(updated(), '2-1', { phase: 'Running' });
    const asked = () => world.decide().actions.filter(({ kind }) => kind === 'TerminateExperiment');
    world.patchStatus({ abort: true });
    expect(asked()).toEqual([]);
    world.patchStatus({ abort: false }).settle();
    expect(world.status.canary?.currentExperiment).toBe(world.named('2-1'));
    expect(world.ended).toEqual([]);
  });

  it('does not end one that was begun but is not named yet before the abort is stored either: it would be taken up again', () => {
    const world = say(updated(), '2-1', { phase: 'Running' });
    const asked = () => world.decide().actions.filter(({ kind }) => kind === 'TerminateExperiment');
    world.patchStatus({ canary: {}, abort: true });
    expect(asked()).toEqual([]);
    world.patchStatus({ abort: false }).settle();
    expect([world.begun, world.ended]).toEqual([['2-1'], []]);
    world.patchStatus({ canary: {}, abort: true }).settle();
    expect(world.ended).toEqual(['2-1']);
  });

  it('does not end the experiment while the abort only waits to be stored', () => {
    const world = say(updated(), '2-1', { phase: 'Running' });
    const storedStatus = { ...world.status, abort: true };
    const asked = () => world.decide().actions.filter(({ kind }) => kind === 'TerminateExperiment');
    world.patchStatus({ abort: true });
    world.status = world.decide().status;
    world.rest = { storedStatus };
    expect(asked()).toEqual([]);
    world.rest = {};
    expect(asked()).toHaveLength(1);
  });

  it('ends the experiment when the step is skipped, or another version comes', () => {
    const skipped = say(updated(), '2-1', { phase: 'Running' });
    skipped.patchStatus({ pauseConditions: null, currentStepIndex: 2 }).settle();
    expect(skipped.ended).toEqual(['2-1']);
    const superseded = say(updated(), '2-1', { phase: 'Running' });
    superseded.setImage('shop:3').settle();
    expect(superseded.ended).toHaveLength(1);
    expect(superseded.begun).toEqual(['3-1']);
  });

  it('that cannot begin holds the rollout and says why', () => {
    const world = new JudgedWorld({ canary: { steps } }, 4);
    world.setImage('shop:1').settle();
    world.rest = { unreachable: { experiments: 'the experiment-manager at 127.0.0.1:1 cannot be reached' } };
    world.setImage('shop:2').settle();
    expect(world.begun).toEqual([]);
    expect(world.decide().explanation).toMatchObject({ code: 'WaitingForExperiment' });
  });
});
