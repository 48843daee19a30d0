import type { ReplicaSet, Rollout } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { withImage } from '../src/patches/image.ts';
import { restartPatch } from '../src/patches/lifecycle.ts';
import { type PromoteMode, promotePatches } from '../src/patches/promote.ts';
import { targetOfUndo, templateToRestore } from '../src/patches/undo.ts';
import { recordedMoment } from './recorded.ts';

const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }];
const canary = (status: Rollout['status'], spec: Partial<Rollout['spec']> = {}): Rollout => ({
  metadata: { name: 'shop' },
  spec: { strategy: { canary: { steps } }, ...spec },
  status,
});
const stepless = (status: Rollout['status'] = {}, spec: Partial<Rollout['spec']> = {}): Rollout =>
  canary(status, { strategy: { canary: {} }, ...spec });
const blueGreen = (status: Rollout['status'] = {}, spec: Partial<Rollout['spec']> = {}): Rollout =>
  canary(status, { strategy: { blueGreen: { activeService: 'shop' } }, ...spec });
const pausedAtStep = [{ reason: 'CanaryPauseStep' as const, startTime: '2026-11-21T09:29:53Z' }];
const inconclusive = { currentStepAnalysisRunStatus: { name: 'run', status: 'Inconclusive' as const } };

const unpaused = { spec: { paused: false } };

describe('promote', () => {
  const cases: [name: string, rollout: Rollout, mode: PromoteMode, patches: object][] = [
    [
      'takes a pause away',
      canary({ currentStepIndex: 1, pauseConditions: pausedAtStep, controllerPause: true }),
      'next',
      { status: { status: { pauseConditions: null } } },
    ],
    [
      'takes the recorded pause away',
      recordedMoment('canary-steps--paused').rollout,
      'next',
      { status: { status: { pauseConditions: null } } },
    ],
    [
      'takes a blue-green pause away',
      recordedMoment('blue-green-manual--preview-ready').rollout,
      'next',
      { status: { status: { pauseConditions: null } } },
    ],
    [
      'skips a step that is no pause',
      canary({ currentStepIndex: 0 }),
      'next',
      { status: { status: { pauseConditions: null, currentStepIndex: 1 } } },
    ],
    [
      'counts from the first step when none is written',
      canary({}),
      'next',
      { status: { status: { pauseConditions: null, currentStepIndex: 1 } } },
    ],
    [
      'does not go past the last step',
      canary({ currentStepIndex: 3 }),
      'next',
      { status: { status: { pauseConditions: null, currentStepIndex: 3 } } },
    ],
    [
      'leaves the step whose analysis was inconclusive',
      canary({ currentStepIndex: 1, pauseConditions: pausedAtStep, controllerPause: true, canary: inconclusive }),
      'next',
      { status: { status: { pauseConditions: null, controllerPause: false, currentStepIndex: 2 } } },
    ],
    [
      'does not leave an inconclusive step that the controller has not paused',
      canary({ currentStepIndex: 1, pauseConditions: pausedAtStep, canary: inconclusive }),
      'next',
      { status: { status: { pauseConditions: null } } },
    ],
    [
      'unpauses and advances a canary that the user has paused',
      canary({ currentStepIndex: 0 }, { paused: true }),
      'next',
      { spec: unpaused, status: { status: { pauseConditions: null, currentStepIndex: 1 } } },
    ],
    ['unpauses a blue-green Rollout', blueGreen({}, { paused: true }), 'next', { spec: unpaused }],
    ['has nothing to do for a blue-green Rollout without a pause', blueGreen(), 'next', {}],
    ['has nothing to do for a canary without steps', stepless(), 'next', {}],
    [
      'in full sets promoteFull',
      canary({ currentPodHash: 'b', stableRS: 'a' }),
      'full',
      { status: { status: { promoteFull: true } } },
    ],
    [
      'in full unpauses',
      canary({ currentPodHash: 'b', stableRS: 'a' }, { paused: true }),
      'full',
      { spec: unpaused, status: { status: { promoteFull: true } } },
    ],
    [
      'in full sets promoteFull for a version that the status does not know',
      {
        ...canary({ currentPodHash: 'a', stableRS: 'a', observedGeneration: '1' }),
        metadata: { name: 'shop', generation: 2 },
      },
      'full',
      { status: { status: { promoteFull: true } } },
    ],
    ['in full has nothing to do when fully promoted', canary({ currentPodHash: 'a', stableRS: 'a' }), 'full', {}],
    [
      'skips the current step',
      canary({ currentStepIndex: 1 }, { paused: true }),
      'skip-current-step',
      { status: { status: { currentStepIndex: 2 } } },
    ],
    [
      'skips no step past the last',
      canary({ currentStepIndex: 3 }),
      'skip-current-step',
      { status: { status: { currentStepIndex: 3 } } },
    ],
    [
      'skips all steps',
      canary({ currentStepIndex: 1 }),
      'skip-all-steps',
      { status: { status: { currentStepIndex: 3 } } },
    ],
  ];
  it.each(cases)('%s', (_name, rollout, mode, patches) => expect(promotePatches(rollout, mode)).toEqual(patches));

  it('refuses to skip steps that a Rollout has not got', () => {
    expect(() => promotePatches(blueGreen(), 'skip-current-step')).toThrow(
      'Cannot skip steps of a bluegreen rollout. Run without a flags',
    );
    expect(() => promotePatches(stepless(), 'skip-all-steps')).toThrow('Cannot skip steps of a rollout without steps');
  });
});

describe('restart', () => {
  it('writes the moment in UTC with whole seconds', () => {
    expect(restartPatch(Date.parse('2026-11-21T09:34:46.789Z'))).toEqual({
      spec: { restartAt: '2026-11-21T09:34:46Z' },
    });
  });
});

describe('set image', () => {
  const template = {
    metadata: { labels: { app: 'shop' } },
    spec: {
      initContainers: [{ name: 'migrate', image: 'migrate:1' }],
      containers: [
        { name: 'shop', image: 'shop:1' },
        { name: 'proxy', image: 'proxy:1' },
      ],
      ephemeralContainers: [{ name: 'debug', image: 'debug:1' }],
      nodeSelector: { disk: 'ssd' },
    },
  };
  const images = (container: string) => {
    const { spec } = withImage(template, container, 'new:2');
    return [spec?.initContainers, spec?.containers, spec?.['ephemeralContainers'] as { image?: string }[]].map((list) =>
      list?.map(({ image }) => image),
    );
  };

  it('changes the named container and nothing else', () => {
    expect(images('shop')).toEqual([['migrate:1'], ['new:2', 'proxy:1'], ['debug:1']]);
    expect(withImage(template, 'shop', 'new:2')).toMatchObject({
      metadata: template.metadata,
      spec: { nodeSelector: { disk: 'ssd' } },
    });
    expect(template.spec.containers[0]?.image).toBe('shop:1');
  });
  it('finds init and ephemeral containers', () => {
    expect(images('migrate')).toEqual([['new:2'], ['shop:1', 'proxy:1'], ['debug:1']]);
    expect(images('debug')).toEqual([['migrate:1'], ['shop:1', 'proxy:1'], ['new:2']]);
  });
  it('changes every container for *', () => {
    expect(images('*')).toEqual([['new:2'], ['new:2', 'new:2'], ['new:2']]);
  });
  it('says which container it did not find', () => {
    expect(() => withImage(template, 'web', 'new:2')).toThrow('unable to find container named "web"');
  });
});

describe('undo', () => {
  const replicaSet = (revision: number | undefined): ReplicaSet => ({
    metadata: {
      name: `shop-${revision}`,
      annotations: revision === undefined ? {} : { 'rollout.argoproj.io/revision': String(revision) },
    },
    spec: {
      selector: {},
      template: {
        metadata: { labels: { app: 'shop', 'rollouts-pod-template-hash': 'abc' } },
        spec: { containers: [{ name: 'shop' }] },
      },
    },
  });

  it('goes back to the revision before the newest', () => {
    expect(targetOfUndo([replicaSet(2), replicaSet(10), replicaSet(9)], 0, 'shop').metadata.name).toBe('shop-9');
  });
  it('goes back to the revision asked for', () => {
    expect(targetOfUndo([replicaSet(2), replicaSet(10), replicaSet(9)], 2, 'shop').metadata.name).toBe('shop-2');
  });
  it('counts a ReplicaSet without revision as 0', () => {
    expect(targetOfUndo([replicaSet(undefined), replicaSet(1)], 0, 'shop').metadata.name).toBe('shop-undefined');
  });
  it('says what it did not find', () => {
    expect(() => targetOfUndo([replicaSet(1)], 7, 'shop')).toThrow('unable to find specified revision 7 in history');
    expect(() => targetOfUndo([replicaSet(1)], 0, 'shop')).toThrow('no revision found for rollout "shop"');
  });
  it('restores the template without the hash', () => {
    const from = replicaSet(1);
    expect(templateToRestore(from, undefined).metadata).toEqual({ labels: { app: 'shop' } });
    expect(from.spec.template?.metadata?.labels).toHaveProperty('rollouts-pod-template-hash');
  });
  it('restores the template without the metadata of a past role', () => {
    const from = replicaSet(1);
    from.metadata.annotations = {
      'rollout.argoproj.io/ephemeral-metadata': '{"labels":{"role":"canary"},"annotations":{"who":"me"}}',
    };
    const template = {
      ...from.spec.template,
      metadata: { labels: { app: 'shop', role: 'canary' }, annotations: { who: 'me' } },
    };
    expect(templateToRestore({ ...from, spec: { ...from.spec, template } }, undefined).metadata).toEqual({
      labels: { app: 'shop' },
    });
  });
});
