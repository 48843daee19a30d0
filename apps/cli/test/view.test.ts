import type { AnalysisRun, ReplicaSet, Rollout } from '@sluice/model';
import { describe, expect, it } from 'vitest';
import { analysisRunInfo } from '../src/view/analysis-run.ts';
import { shortDuration } from '../src/view/duration.ts';
import { renderRolloutHeader } from '../src/view/header.ts';
import { analysisIcon, ansi, plain } from '../src/view/icons.ts';
import { experimentListRow, rolloutListRow } from '../src/view/list.ts';
import { rolloutPhase } from '../src/view/phase.ts';
import { replicaSetStatus, roleIn } from '../src/view/replica-set.ts';
import { rolloutInfo } from '../src/view/rollout.ts';
import { renderTable } from '../src/view/table.ts';
import { renderRolloutTree } from '../src/view/tree.ts';
import { actualWeight, setWeight } from '../src/view/weights.ts';
import { recordedMoment } from './recorded.ts';

function shown(moment: string, now: string): string {
  const { rollout, owned, workload } = recordedMoment(moment);
  const info = rolloutInfo(rollout, owned, workload);
  const lines = [...renderRolloutHeader(info, plain), '', ...renderRolloutTree(info, Date.parse(now), plain)];
  return lines.map((line) => line.trimEnd()).join('\n');
}

describe('get rollout shows', () => {
  it('a canary that waits at a pause step', () => {
    expect(shown('canary-steps--paused', '2026-11-21T09:34:46Z')).toBe(
      `Name:            shop
Namespace:       parity-canary-steps
Status:          ॥ Paused
Message:         CanaryPauseStep
Strategy:        Canary
  Step:          1/6
  SetWeight:     20
  ActualWeight:  20
Images:          shop:1 (stable)
                 shop:2 (canary)
Replicas:
  Desired:       5
  Current:       5
  Updated:       1
  Ready:         5
  Available:     5

NAME                          KIND        STATUS     AGE    INFO
⟳ shop                        Rollout     ॥ Paused   4m54s
├──# revision:2
│  └──⧉ shop-6765f5f78d       ReplicaSet  ✔ Healthy  4m53s  canary
│     └──□ shop-6765f5f78d-a  Pod         ✔ Running  4m52s  ready:1/1
└──# revision:1
   └──⧉ shop-9b6d86b5         ReplicaSet  ✔ Healthy  4m54s  stable
      ├──□ shop-9b6d86b5-a    Pod         ✔ Running  4m53s  ready:1/1
      ├──□ shop-9b6d86b5-b    Pod         ✔ Running  4m53s  ready:1/1
      ├──□ shop-9b6d86b5-c    Pod         ✔ Running  4m53s  ready:1/1
      └──□ shop-9b6d86b5-d    Pod         ✔ Running  4m53s  ready:1/1`,
    );
  });

  it('a blue-green Rollout whose old ReplicaSet waits for its end', () => {
    expect(shown('blue-green-automatic--switched-the-old-set-waits', '2026-11-21T09:30:15Z')).toBe(
      `Name:            shop
Namespace:       parity-blue-green-automatic
Status:          ✔ Healthy
Strategy:        BlueGreen
Images:          shop:1
                 shop:2 (active, stable)
Replicas:
  Desired:       3
  Current:       6
  Updated:       3
  Ready:         3
  Available:     3

NAME                          KIND        STATUS     AGE  INFO
⟳ shop                        Rollout     ✔ Healthy  23s
├──# revision:2
│  └──⧉ shop-6765f5f78d       ReplicaSet  ✔ Healthy  20s  stable,active
│     ├──□ shop-6765f5f78d-a  Pod         ✔ Running  19s  ready:1/1
│     ├──□ shop-6765f5f78d-b  Pod         ✔ Running  19s  ready:1/1
│     └──□ shop-6765f5f78d-c  Pod         ✔ Running  19s  ready:1/1
└──# revision:1
   └──⧉ shop-9b6d86b5         ReplicaSet  ✔ Healthy  23s  delay:10s
      ├──□ shop-9b6d86b5-a    Pod         ✔ Running  22s  ready:1/1
      ├──□ shop-9b6d86b5-b    Pod         ✔ Running  22s  ready:1/1
      └──□ shop-9b6d86b5-c    Pod         ✔ Running  22s  ready:1/1`,
    );
  });

  it('the experiments of a revision with their ReplicaSets', () => {
    expect(shown('experiment-step-abort--aborted', '2026-11-21T09:34:46Z')).toContain(
      `
⟳ shop                                    Rollout     ✖ Degraded    4m44s
├──# revision:2
│  ├──⧉ shop-6765f5f78d                   ReplicaSet  • ScaledDown  4m43s  canary
│  └──Σ shop-6765f5f78d-2-0               Experiment  ✔ Successful  4m43s
│     ├──⧉ shop-6765f5f78d-2-0-baseline   ReplicaSet  • ScaledDown  4m43s  delay:passed
│     └──⧉ shop-6765f5f78d-2-0-candidate  ReplicaSet  • ScaledDown  4m43s  delay:passed
└──# revision:1`,
    );
  });

  it('the analyses of a revision with their totals', () => {
    expect(shown('analysis-background-success--running', '2026-11-21T09:34:46Z')).toContain(
      '\n│  └──α shop-6765f5f78d-2     AnalysisRun  ◌ Running  4m53s  ✔ 1\n',
    );
  });

  it('the images of running experiments with their template', () => {
    const { rollout, owned } = recordedMoment('experiment-step-abort--aborted');
    const running = owned.replicaSets.map((set) => ({ ...set, status: { ...set.status, replicas: 1 } }));
    const header = renderRolloutHeader(rolloutInfo(rollout, { ...owned, replicaSets: running }), plain);
    expect(header).toContain('Images:          shop:1 (stable, Σ:baseline)');
    expect(header).toContain('                 shop:2 (canary, Σ:candidate)');
  });

  it('colours by what they mean', () => {
    const { rollout, owned } = recordedMoment('analysis-background-success--running');
    const info = rolloutInfo(rollout, owned);
    const tree = renderRolloutTree(info, Date.parse('2026-11-21T09:34:46Z'), ansi);
    expect(tree.join('\n')).toContain('\x1b[33mcanary\x1b[0m');
    expect(tree.join('\n')).toContain('\x1b[32mstable\x1b[0m');
    expect(tree.join('\n')).toContain('α \x1b[94mshop-6765f5f78d-2\x1b[0m');
    expect(tree.join('\n')).toContain('\x1b[32m✔\x1b[0m 1');
    const uncoloured = tree.join('\n').replaceAll(/\x1b\[\d+m/g, '');
    expect(uncoloured).toBe(renderRolloutTree(info, Date.parse('2026-11-21T09:34:46Z'), plain).join('\n'));
  });

  it('every recorded moment without failing', () => {
    const { readdirSync } = process.getBuiltinModule('node:fs');
    const moments = readdirSync(new URL('../../../tools/parity/takeover', import.meta.url)).map((file) =>
      file.replace('.json', ''),
    );
    for (const moment of moments)
      expect(shown(moment, '2026-11-21T09:34:46Z')).toMatch(/⟳ shop +Rollout +[✔✖◌॥] \w+ +\d+m/);
    expect(moments.length).toBeGreaterThan(40);
  });
});

describe('the status of a Rollout', () => {
  const rollout = (status: Rollout['status'], generation = 2): Rollout => ({
    metadata: { name: 'shop', generation },
    spec: {},
    status,
  });
  const waiting = { phase: 'Progressing', message: 'waiting for rollout spec update to be observed' };

  it('is the written one once the spec has been observed', () => {
    expect(rolloutPhase(rollout({ phase: 'Paused', message: 'CanaryPauseStep', observedGeneration: '2' }))).toEqual({
      phase: 'Paused',
      message: 'CanaryPauseStep',
    });
  });
  it('is Progressing while the spec has not been observed', () => {
    expect(rolloutPhase(rollout({ phase: 'Healthy', observedGeneration: '1' }))).toEqual(waiting);
    expect(rolloutPhase(rollout(undefined))).toEqual(waiting);
  });
  it('believes an observed generation that is no number', () => {
    expect(rolloutPhase(rollout({ phase: 'Healthy', observedGeneration: '7d5f8c' })).phase).toBe('Healthy');
  });
  it('is Progressing while the controller has not reacted to a resume', () => {
    expect(rolloutPhase(rollout({ phase: 'Paused', controllerPause: true, observedGeneration: '2' }))).toEqual({
      phase: 'Progressing',
      message: 'waiting for rollout to unpause',
    });
  });
  it('is Progressing while the referenced workload has not been observed', () => {
    const status = { phase: 'Healthy', observedGeneration: '2', workloadObservedGeneration: '3' } as const;
    const workload = { metadata: { name: 'shop', generation: 4 }, template: {} };
    expect(rolloutPhase(rollout(status), workload).message).toBe(`${waiting.message} for the reference workload`);
    expect(rolloutPhase(rollout(status)).phase).toBe('Healthy');
  });
});

describe('weights', () => {
  const canary = (currentStepIndex: number, status: Rollout['status'] = {}, trafficRouting?: object): Rollout => ({
    metadata: { name: 'shop' },
    spec: {
      strategy: {
        canary: { steps: [{ pause: {} }, { setWeight: 20 }, { pause: {} }, { setWeight: 60 }], trafficRouting },
      },
    },
    status: { currentStepIndex, ...status },
  });

  it.each([
    [0, 0],
    [1, 20],
    [2, 20],
    [3, 60],
    [4, 100],
  ])('at step %i the weight to be is %i', (index, weight) => expect(setWeight(canary(index))).toBe(weight));
  it('are those of maxTrafficWeight past the end', () => {
    expect(setWeight(canary(4, {}, { maxTrafficWeight: 1000 }))).toBe(1000);
    expect(actualWeight(canary(4, {}, { maxTrafficWeight: 1000 }), 1)).toBe(1000);
  });
  it('are by pods without a router', () => {
    expect(actualWeight(canary(1, { availableReplicas: 6 }), 1)).toBe(16);
    expect(actualWeight(canary(1, { availableReplicas: 0 }), 0)).toBe(0);
  });
  it('are what the router reports, or what is wanted until it has reported', () => {
    const weights = { canary: { weight: 35 }, stable: { weight: 65 } };
    expect(actualWeight(canary(1, { availableReplicas: 6, canary: { weights } }, { nginx: {} }), 1)).toBe(35);
    expect(actualWeight(canary(1, { availableReplicas: 6 }, { nginx: {} }), 1)).toBe(20);
  });
});

describe('a ReplicaSet', () => {
  const set = (spec: number, status: object, generation = 1): ReplicaSet => ({
    metadata: { name: 'shop', generation, labels: { 'rollouts-pod-template-hash': 'abc' } },
    spec: { replicas: spec, selector: {} },
    status: { replicas: 0, observedGeneration: 1, ...status },
  });
  it.each([
    ['Healthy', set(2, { availableReplicas: 2 })],
    ['ScaledDown', set(0, {})],
    ['Progressing', set(2, { availableReplicas: 1 })],
    ['Progressing', set(0, {}, 2)],
    ['ReplicaFailure', set(2, { conditions: [{ type: 'ReplicaFailure', status: 'True' }] })],
  ])('is %s', (status, replicaSet) => expect(replicaSetStatus(replicaSet)).toBe(status));

  it('is on the ping or the pong service by what status says of the stable one', () => {
    const rollout = (stableRS: string, stablePingPong: 'ping' | 'pong'): Rollout => ({
      metadata: { name: 'shop' },
      spec: { strategy: { canary: { pingPong: { pingService: 'a', pongService: 'b' } } } },
      status: { stableRS, currentPodHash: 'abc', canary: { stablePingPong } },
    });
    expect(roleIn(rollout('abc', 'ping'), set(1, {}))).toMatchObject({
      stable: true,
      canary: false,
      ping: true,
      pong: false,
    });
    expect(roleIn(rollout('old', 'ping'), set(1, {}))).toMatchObject({
      stable: false,
      canary: true,
      ping: false,
      pong: true,
    });
    expect(roleIn(rollout('old', 'pong'), set(1, {}))).toMatchObject({ ping: true, pong: false });
  });
});

describe('an AnalysisRun', () => {
  const run: AnalysisRun = {
    metadata: { name: 'run', namespace: 'shop' },
    spec: { metrics: [] },
    status: {
      phase: 'Failed',
      metricResults: [
        {
          name: 'web',
          phase: 'Failed',
          successful: 2,
          failed: 1,
          measurements: [{ phase: 'Failed', value: '3', startedAt: '2026-11-21T09:29:53Z' }],
        },
        {
          name: 'job',
          phase: 'Error',
          successful: 1,
          error: 4,
          measurements: [{ phase: 'Error', metadata: { 'job-name': 'j1' }, startedAt: '2026-11-21T09:29:53Z' }],
        },
      ],
    },
  };
  it('adds up over its metrics and keeps jobs apart from values', () => {
    const info = analysisRunInfo(run);
    expect(info).toMatchObject({ icon: '✖', successful: 3, failed: 1, inconclusive: 0, error: 4 });
    expect(info.jobs).toMatchObject([{ objectMeta: { name: 'j1' }, status: 'Error', icon: '⚠', metricName: 'job' }]);
    expect(info.nonJobInfo).toEqual([
      { value: '3', status: 'Failed', metricName: 'web', startedAt: '2026-11-21T09:29:53Z' },
    ]);
  });
  it.each([
    ['Pending', '◷'],
    ['Running', '◌'],
    ['Successful', '✔'],
    ['Failed', '✖'],
    ['Error', '⚠'],
    ['Inconclusive', '?'],
  ])('that is %s has the icon %s', (phase, icon) => expect(analysisIcon(phase)).toBe(icon));
});

describe('lists', () => {
  it('have dashes where a Rollout has no steps or weights', () => {
    const { rollout } = recordedMoment('blue-green-automatic--deployed');
    expect(rolloutListRow(rollout, { allNamespaces: false, timestamps: false })).toEqual([
      'shop',
      'BlueGreen',
      'Healthy',
      '-',
      '-',
      '3/3',
      '3',
      '3',
      '3',
    ]);
  });
  it('say how long an experiment has to go once all its templates run', () => {
    const experiment = (phase: 'Running' | 'Successful') => ({
      metadata: { name: 'e', creationTimestamp: '2026-11-21T09:00:00Z' },
      spec: { duration: '1h', templates: [] },
      status: { phase, availableAt: '2026-11-21T09:10:00Z' },
    });
    const now = Date.parse('2026-11-21T09:30:00Z');
    expect(experimentListRow(experiment('Running'), false, now)).toEqual(['e', 'Running', '60m', '40m', '30m']);
    expect(experimentListRow(experiment('Successful'), false, now)).toEqual(['e', 'Successful', '60m', '-', '30m']);
  });
  it('keep columns apart by two blanks and count code points', () => {
    expect(
      renderTable([
        ['⟳ a', 'x', 'last'],
        ['bb', 'yyy', ''],
      ]),
    ).toEqual(['⟳ a  x    last', 'bb   yyy  ']);
  });
});

describe('durations', () => {
  it.each([
    [0, '0s'],
    [-500, '0s'],
    [-60_000, '<invalid>'],
    [119_000, '119s'],
    [120_000, '2m'],
    [294_000, '4m54s'],
    [600_000, '10m'],
    [10_740_000, '179m'],
    [14_340_000, '3h59m'],
    [28_800_000, '8h'],
    [47 * 3_600_000, '47h'],
    [49 * 3_600_000, '2d1h'],
    [7 * 86_400_000, '7d'],
    [8 * 86_400_000, '8d'],
    [740 * 86_400_000, '2y10d'],
    [3000 * 86_400_000, '8y'],
  ])('%i ms is %s', (durationMs, text) => expect(shortDuration(durationMs)).toBe(text));
});
