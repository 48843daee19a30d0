import type { CanaryStep, CanaryStrategy } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../testing/build.ts';
import { JudgedWorld } from '../testing/judged-world.ts';

const run = { templates: [{ templateName: 'check' }] };
const steps: CanaryStep[] = [{ setWeight: 50 }, { analysis: run }, { setWeight: 75 }, { pause: {} }];

const updated = (strategy: CanaryStrategy = { steps }): JudgedWorld =>
  new JudgedWorld({ canary: strategy }, 4).setImage('shop:1').settle().setImage('shop:2').settle() as JudgedWorld;

describe('the analysis of a step', () => {
  it('begins when the step is reached, and holds it until there is a verdict', () => {
    const world = updated();
    expect(world.begun).toEqual(['2-1']);
    expect(world.status).toMatchObject({ currentStepIndex: 1, phase: 'Progressing' });
    expect(world.status.canary?.currentStepAnalysisRunStatus).toEqual({ name: world.named('2-1'), status: '' });
    world.judge(world.named('2-1'), 'Running').settle();
    expect(world.status.currentStepIndex).toBe(1);
    expect(world.decide().explanation).toMatchObject({ code: 'WaitingForAnalysis' });
  });

  it('lets the rollout go on when it succeeds, and is current no longer', () => {
    const world = updated();
    world.judge(world.named('2-1'), 'Successful').settle();
    expect(world.status).toMatchObject({ currentStepIndex: 3, phase: 'Paused' });
    expect(world.status.canary?.currentStepAnalysisRunStatus).toBeUndefined();
    expect(world.events).toContain(`Step Analysis Run '${world.named('2-1')}' Status New: 'Successful' Previous: ''`);
    expect(world.ended).toEqual([]);
  });

  it('is told to have been under way also when its end is the first that is seen of it', () => {
    const world = updated();
    const name = world.named('2-1');
    const times = { startedAt: '2026-01-01T12:00:00Z', completedAt: '2026-01-01T12:00:02Z' };
    world.runs.set(name, { ...world.runs.get(name)!, status: { phase: 'Successful', ...times } });
    world.settle();
    expect(world.events.filter((message) => message.includes(name))).toEqual([
      `Step Analysis Run '${name}' Status New: 'Running' Previous: ''`,
      `Step Analysis Run '${name}' Status New: 'Successful' Previous: 'Running'`,
    ]);
  });

  it.each(['Failed', 'Error'] as const)('takes the update back when it ends as %s', (phase) => {
    const world = updated();
    world.judge(world.named('2-1'), phase, 'too many errors').settle();
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded', currentStepIndex: 0 });
    expect(world.pods('shop:2')).toBe(0);
    expect(world.status.message).toContain('Step-based analysis phase error/failed: too many errors');
    expect(world.status.canary?.currentStepAnalysisRunStatus).toBeUndefined();
  });

  it('is not ended before the abort is stored: somebody may take that back', () => {
    const world = updated();
    world.judge(world.named('2-1'), 'Running').settle();
    const stored = world.status;
    world.patchStatus({ abort: true });
    const ends = () => world.decide().actions.filter(({ kind }) => kind === 'TerminateAnalysisRun');
    expect(ends()).toEqual([]);
    world.status = world.decide().status;
    world.rest = { storedStatus: stored };
    expect(ends()).toEqual([]);
    world.rest = {};
    world.status = stored;
    world.patchStatus({ abort: false }).settle();
    expect(world.ended).toEqual([]);
    world.patchStatus({ abort: true }).settle();
    expect(world.ended).toEqual(['2-1']);
  });

  it('is made anew when the update is retried', () => {
    const world = updated();
    world.judge(world.named('2-1'), 'Failed').settle();
    world.patchStatus({ abort: false }).settle();
    expect(world.begun).toEqual(['2-1', '2-1.1']);
    world.judge(world.named('2-1.1'), 'Successful').settle();
    expect(world.status.currentStepIndex).toBe(3);
  });

  it('pauses the rollout when it is inconclusive, and is made anew when somebody resumes', () => {
    const world = updated();
    world.judge(world.named('2-1'), 'Inconclusive').settle();
    expect(world.status).toMatchObject({ phase: 'Paused', message: 'InconclusiveAnalysisRun', controllerPause: true });
    expect(world.decide().explanation.code).toBe('PausedInconclusive');
    world.patchStatus({ pauseConditions: null }).settle();
    expect(world.begun).toEqual(['2-1', '2-1.1']);
    expect(world.status.phase).toBe('Progressing');
  });

  it('is skipped by a promotion, also when it was inconclusive', () => {
    const world = updated();
    world.judge(world.named('2-1'), 'Inconclusive').settle();
    world.patchStatus({ pauseConditions: null, controllerPause: false, currentStepIndex: 2 }).settle();
    expect(world.status).toMatchObject({ currentStepIndex: 3, phase: 'Paused', message: 'CanaryPauseStep' });
    expect(world.begun).toEqual(['2-1']);
  });

  it('that was ended by somebody is no evidence: the rollout waits for a person', () => {
    const world = updated();
    const name = world.named('2-1');
    const live = world.runs.get(name)!;
    world.runs.set(name, {
      ...live,
      spec: { ...live.spec, terminate: true },
      status: { phase: 'Successful', message: 'Run Terminated' },
    });
    world.settle();
    expect(world.status).toMatchObject({ currentStepIndex: 1, message: 'InconclusiveAnalysisRun' });
  });

  it.each([
    ['an abort', { abort: true }],
    ['a full promotion', { promoteFull: true }],
  ])('ends with %s', (_what, command) => {
    const world = updated();
    world.judge(world.named('2-1'), 'Running').settle();
    world.patchStatus(command).settle();
    expect(world.ended).toEqual(['2-1']);
    expect(world.status.canary?.currentStepAnalysisRunStatus).toBeUndefined();
  });

  it('ends when another version comes, which gets a run of its own', () => {
    const world = updated();
    world.judge(world.named('2-1'), 'Running').settle();
    const before = world.named('2-1');
    world.setImage('shop:3').settle();
    expect(world.log).toContain(`end ${before}`);
    expect(world.begun).toEqual(['3-1']);
  });

  it('is asked for again under the same name when it was deleted', () => {
    const world = updated();
    world.runs.delete(world.named('2-1'));
    world.settle();
    expect(world.begun).toEqual(['2-1', '2-1']);
  });

  it('gets another name when its own belongs to somebody else', () => {
    const world = new JudgedWorld({ canary: { steps } }, 4);
    world.setImage('shop:1').settle();
    world.rest = { takenRunNames: [`shop-${hashOf('shop:2')}-2-1`] };
    world.setImage('shop:2');
    expect(world.begun).toEqual(['2-1.1']);
  });

  it('that cannot begin holds the rollout and says why', () => {
    const world = new JudgedWorld({ canary: { steps } }, 4);
    world.setImage('shop:1').settle();
    world.rest = { unreachable: { analysis: 'the analysis-runner at 127.0.0.1:1 cannot be reached' } };
    world.setImage('shop:2').settle();
    expect(world.begun).toEqual([]);
    expect(world.decide().explanation).toMatchObject({ code: 'WaitingForAnalysis' });
    expect(world.decide().explanation.detail).toContain('cannot be reached');
    world.rest = {};
    world.settle();
    expect(world.begun).toEqual(['2-1']);
  });
});

describe('the analysis in the background', () => {
  const background = { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }], analysis: run };

  it('begins with the update, lasts over its steps and ends with it', () => {
    const world = updated(background);
    expect(world.begun).toEqual(['2']);
    world.judge(world.named('2'), 'Running').settle();
    world.patchStatus({ pauseConditions: null }).settle();
    expect(world.status).toMatchObject({ currentStepIndex: 3 });
    world.patchStatus({ pauseConditions: null }).settle();
    expect(world.status).toMatchObject({ phase: 'Healthy' });
    expect(world.ended).toEqual(['2']);
    expect(world.status.canary?.currentBackgroundAnalysisRunStatus).toBeUndefined();
  });

  it('waits for its starting step', () => {
    const world = updated({ ...background, analysis: { ...run, startingStep: 2 } });
    expect(world.begun).toEqual([]);
    world.patchStatus({ pauseConditions: null }).settle();
    expect(world.begun).toEqual(['2']);
  });

  it('does not hold the steps, and takes the update back as soon as it fails', () => {
    const world = updated(background);
    world.judge(world.named('2'), 'Running').settle();
    expect(world.status.currentStepIndex).toBe(1);
    world.judge(world.named('2'), 'Failed', 'bad').settle();
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(world.status.message).toContain('Background analysis phase error/failed: bad');
  });

  it('lets no step be passed before it has said something: a version that is bad at once never pauses', () => {
    const world = updated(background);
    expect(world.status).toMatchObject({ currentStepIndex: 0, phase: 'Progressing' });
    world.judge(world.named('2'), 'Failed', 'bad').settle();
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(world.status.conditions?.map(({ type }) => type)).not.toContain('Paused');
  });

  it('is waited for three seconds at most', () => {
    const world = updated(background);
    expect(world.decide().wakeAt).toBe(
      Date.parse(world.runs.get(world.named('2'))!.metadata.creationTimestamp!) + 3_000,
    );
    world.now += 3;
    world.settle();
    expect(world.status).toMatchObject({ currentStepIndex: 1, phase: 'Paused' });
  });

  it('pauses the rollout when it is inconclusive, whatever step it is at', () => {
    const world = updated(background);
    world.judge(world.named('2'), 'Running').settle();
    world.judge(world.named('2'), 'Inconclusive').settle();
    expect(world.status.pauseConditions?.map(({ reason }) => reason)).toEqual([
      'CanaryPauseStep',
      'InconclusiveAnalysisRun',
    ]);
  });

  it('never runs for the first version', () => {
    const world = new JudgedWorld({ canary: background }, 4).setImage('shop:1').settle() as JudgedWorld;
    expect(world.begun).toEqual([]);
  });
});

describe('the analyses of a blue-green promotion', () => {
  const blueGreen = {
    activeService: 'active',
    previewService: 'preview',
    prePromotionAnalysis: run,
    postPromotionAnalysis: run,
  };
  const previewed = (): JudgedWorld =>
    new JudgedWorld({ blueGreen }, 2, ['active', 'preview'])
      .setImage('shop:1')
      .settle()
      .setImage('shop:2')
      .settle() as JudgedWorld;
  const active = (world: JudgedWorld): unknown =>
    world.services.get('active')?.spec?.selector?.['rollouts-pod-template-hash'];

  it('come before and after the switch: both must succeed', () => {
    const world = previewed();
    expect(world.begun).toEqual(['2-pre']);
    expect(active(world)).toBe(world.status.stableRS);
    world.judge(world.named('2-pre'), 'Successful').settle();
    expect(active(world)).toBe(world.status.currentPodHash);
    expect(world.begun).toEqual(['2-pre', '2-post']);
    expect(world.status).toMatchObject({ phase: 'Progressing', message: 'waiting for analysis to complete' });
    world.judge(world.named('2-post'), 'Successful').settle();
    expect(world.status).toMatchObject({ phase: 'Healthy', stableRS: world.status.currentPodHash });
    expect(world.status.blueGreen).toMatchObject({
      prePromotionAnalysisRunStatus: { status: 'Successful' },
      postPromotionAnalysisRunStatus: { status: 'Successful' },
    });
  });

  it('take the preview back when the first fails', () => {
    const world = previewed();
    world.judge(world.named('2-pre'), 'Failed', 'bad').settle();
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(world.status.message).toContain('Blue/green pre-promotion analysis phase error/failed: bad');
    expect(active(world)).toBe(world.status.stableRS);
  });

  it('switch back when the second fails', () => {
    const world = previewed();
    world.judge(world.named('2-pre'), 'Successful').settle();
    world.judge(world.named('2-post'), 'Error').settle();
    expect(world.status).toMatchObject({ abort: true, phase: 'Degraded' });
    expect(active(world)).toBe(world.status.stableRS);
    expect(world.status.stableRS).not.toBe(world.status.currentPodHash);
  });

  it('are made anew by a retry', () => {
    const world = previewed();
    world.judge(world.named('2-pre'), 'Failed').settle();
    world.patchStatus({ abort: false }).settle();
    expect(world.begun).toEqual(['2-pre', '2-pre.1']);
  });

  it('pause at each inconclusive verdict, and are made anew at each resume, once', () => {
    const world = previewed();
    world.judge(world.named('2-pre'), 'Inconclusive').settle();
    expect(world.status).toMatchObject({ phase: 'Paused', message: 'InconclusiveAnalysisRun' });
    world.patchStatus({ pauseConditions: null }).settle();
    expect(world.begun).toEqual(['2-pre', '2-pre.1']);
    world.judge(world.named('2-pre.1'), 'Inconclusive').settle();
    expect(world.begun).toEqual(['2-pre', '2-pre.1']);
    expect(world.status).toMatchObject({ phase: 'Paused', message: 'InconclusiveAnalysisRun' });
    expect(active(world)).toBe(world.status.stableRS);
  });

  it('are skipped by a full promotion', () => {
    const world = previewed();
    world.patchStatus({ promoteFull: true }).settle();
    expect(world.status).toMatchObject({ phase: 'Healthy' });
    expect(world.begun).toEqual(['2-pre']);
    expect(world.ended).toEqual(['2-pre']);
  });
});
