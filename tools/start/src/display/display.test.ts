import type { RolloutInfo } from '@sluice/cli';
import { describe, expect, it } from 'vitest';
import { createDisplay } from './display.ts';
import { renderBlock, renderLine } from './render.ts';

const pod = (ready: string, status = 'Running', icon = '✔') => ({
  objectMeta: { name: 'pod' },
  status,
  icon,
  ready,
  restarts: 0,
});
const set = (
  revision: number,
  role: 'stable' | 'canary' | undefined,
  image: string,
  pods: ReturnType<typeof pod>[],
) => ({
  objectMeta: { name: `shop-${revision}` },
  ...{ status: '', icon: '', revision, active: false, preview: false, ping: false, pong: false, replicas: pods.length },
  ...{ available: 0, template: '', scaleDownDeadline: '', initContainerImages: [] },
  ...{ stable: role === 'stable', canary: role === 'canary', images: [image], pods },
});

function rollout(changes: Partial<RolloutInfo> = {}): RolloutInfo {
  return {
    ...{ objectMeta: { name: 'shop' }, status: 'Paused', message: 'CanaryPauseStep', icon: '॥', strategy: 'Canary' },
    ...{ step: '1/4', setWeight: '20', actualWeight: '20', restartedAt: 'Never', generation: '2' },
    ...{ desired: 5, current: 5, updated: 1, ready: 5, available: 5 },
    ...{ experiments: [], analysisRuns: [], containers: [], initContainers: [] },
    steps: [{ setWeight: 20 }, { pause: { duration: '3s' } }, { setWeight: 60 }, { pause: {} }],
    replicaSets: [
      set(2, 'canary', 'shop/web:2', [pod('1/1')]),
      set(1, 'stable', 'shop/web:1', [
        pod('1/1'),
        pod('1/1'),
        pod('0/1', 'Terminating'),
        pod('0/1', 'ImagePullBackOff', '⚠'),
      ]),
      set(0, undefined, 'shop/web:0', []),
    ],
    ...changes,
  };
}

/** A terminal of which only the last screen is kept. */
function terminal(columns: number) {
  let written = '';
  return {
    isTTY: true,
    columns,
    write: (text: string) => (written += text),
    lines: () => {
      const lines: string[] = [''];
      for (const [part] of written.matchAll(/\x1b\[(\d+)A\r\x1b\[J|\n|[^\n\x1b]+/g)) {
        const up = /\x1b\[(\d+)A/.exec(part)?.[1];
        if (up) lines.splice(lines.length - 1 - Number(up), Infinity, '');
        else if (part === '\n') lines.push('');
        else lines[lines.length - 1] += part;
      }
      return lines.slice(0, -1);
    },
  };
}

describe('what is shown of a Rollout', () => {
  it('is its phase, its step, the weight and the pods of each revision', () => {
    expect(renderBlock(rollout(), 1.26, 120)).toEqual([
      '॥ shop  Paused: CanaryPauseStep',
      '  step 1/4 pause 3s  ██░░░░░░░░ canary 20 %  5 of 5 ready, 1 updated',
      '  rev 2  shop-2 (canary)  web:2  ●',
      '  rev 1  shop-1 (stable)  web:1  ●●○✖',
      '  1.3 s',
    ]);
  });

  it('fits the terminal', () => {
    expect(renderBlock(rollout(), 1, 20).every((line) => [...line].length <= 20)).toBe(true);
  });

  it('is one line in a log', () => {
    expect(renderLine(rollout({ strategy: 'BlueGreen', status: 'Healthy', message: '' }))).toBe(
      'Healthy | BlueGreen  5 of 5 ready, 1 updated | rev 2 (canary) web:2 1/1 ready | rev 1 (stable) web:1 2/4 ready',
    );
  });

  it('has no weight of steps where there are none', () => {
    expect(renderLine(rollout({ steps: [], step: '', replicaSets: [] }))).toBe(
      'Paused (CanaryPauseStep) | canary 20 %  5 of 5 ready, 1 updated',
    );
  });
});

describe('what is measured', () => {
  const result = (more: object) => ({ name: 'error-rate', phase: 'Running', ...more });
  const run = (revision: number, ...metricResults: object[]) =>
    ({
      revision,
      specAndStatus: { spec: {}, status: { metricResults } },
    }) as unknown as RolloutInfo['analysisRuns'][number];
  const good = result({ successful: 3, measurements: [{ phase: 'Successful', value: '[0]' }] });
  const bad = result({ successful: 3, failed: 2, measurements: [{ phase: 'Failed', value: '[0.4838709677419355]' }] });

  it('stands below the versions, of the newest one alone, each measurement of it', () => {
    const block = (...runs: RolloutInfo['analysisRuns']) => renderBlock(rollout({ analysisRuns: runs }), 1, 120);
    expect(block(run(1, bad), run(2, good))).toContain('  measured  error-rate Running  ✔ 3  last [0]');
    expect(block(run(2, bad))).toContain('  measured  error-rate Running  ✔ 3  ✖ 2  last [0.48]');
    expect(block(run(1, bad), run(2, good)).filter((line) => line.includes('error-rate'))).toHaveLength(1);
  });

  it('is in a log where it turned bad, not each time that it was well', () => {
    const line = (metric: object) => renderLine(rollout({ analysisRuns: [run(2, metric)] }));
    expect(line(good)).toMatch(/ \| error-rate Running$/);
    expect(line(bad)).toMatch(/ \| error-rate Running {2}✖ 2 {2}last \[0\.48\]$/);
    expect(line(result({ phase: 'Error', error: 1, inconclusive: 2 }))).toMatch(/ \| error-rate Error {2}\? 2 {2}⚠ 1$/);
  });
});

/** An experiment of revision 2, each version of which was measured `rounds` times. */
const experiment = (status: string, rounds: number, value = '[0.3]') => ({
  objectMeta: { name: 'shop-2-0', creationTimestamp: '2026-01-01T12:00:00Z' },
  ...{ icon: '◌', revision: 2, status, message: '' },
  replicaSets: ['a', 'b'].map((template) => ({
    ...set(0, undefined, 'shop/web:2', [pod('1/1')]),
    ...{
      template,
      objectMeta: { name: `shop-2-0-${template}`, labels: { 'rollouts-pod-template-hash': `hash-${template}` } },
    },
  })),
  analysisRuns: ['a', 'b'].map((template) => ({
    objectMeta: { name: `shop-2-0-${template}` },
    metrics: [{ name: 'latency' }],
    specAndStatus: {
      spec: { args: [{ name: 'hash', value: `hash-${template}` }] },
      status: {
        metricResults: [
          { name: 'latency', phase: 'Running', count: rounds, successful: rounds, measurements: [{ value }] },
        ],
      },
    },
  })) as unknown as RolloutInfo['analysisRuns'],
});
const table = [
  'TEMPLATE  IMAGE  READY  WEIGHT  latency',
  'a         web:2  1/1    20      ◌ 0.3 (✔ 1)',
  'b         web:2  1/1            ◌ 0.3 (✔ 1)',
];

describe('the versions of an experiment', () => {
  const weights = new Map([['hash-a', 20]]);

  it('stand side by side below the Rollout, while they are of its newest version', () => {
    const block = (revision: number) =>
      renderBlock(rollout({ experiments: [{ ...experiment('Running', 1), revision }] }), 1, 120, { weights });
    expect(block(2).slice(4, -1)).toEqual(['  ◌ experiment shop-2-0  Running', ...table.map((line) => `    ${line}`)]);
    expect(block(1).join('\n')).not.toContain('TEMPLATE');
  });

  it('are told in a log after each round of measurements, and when the experiment moves on', () => {
    const lines: string[] = [];
    const display = createDisplay({ write: (text) => lines.push(text) }, () => 2);
    const show = (...of: Parameters<typeof experiment>) =>
      display.show(rollout({ experiments: [experiment(...of)] }), weights);
    show('Running', 1);
    expect(lines[1]).toBe(
      `    2.0 s  ◌ experiment shop-2-0  Running\n${table.map((t) => `             ${t}\n`).join('')}`,
    );
    show('Running', 1, '[0.4]');
    expect(lines).toHaveLength(2);
    show('Running', 2);
    show('Successful', 2);
    expect(lines).toHaveLength(4);
  });
});

describe('a display', () => {
  it('redraws in place on a terminal, below what was said', () => {
    const screen = terminal(80);
    const display = createDisplay(screen, () => 1);
    display.say('first');
    display.show(rollout());
    display.say('second');
    display.show(rollout({ status: 'Healthy', message: '', icon: '✔', replicaSets: [] }));
    expect(screen.lines()).toEqual([
      'first',
      'second',
      '✔ shop  Healthy',
      expect.stringContaining('step 1/4'),
      '  1.0 s',
    ]);
  });

  it('shows what clients get below the Rollout, and nothing of it after the end', () => {
    const screen = terminal(120);
    const display = createDisplay(screen, () => 1);
    const split = { rollout: 'default/shop', seconds: 1, asked: undefined, requests: 9, versions: [], mirrored: [] };
    display.showTraffic({ ...split, failed: 0, avoidable: 0 });
    expect(screen.lines()).toEqual([]);
    display.show(rollout({ replicaSets: [] }));
    expect(screen.lines()).toEqual([
      expect.stringContaining('shop'),
      expect.stringContaining('step 1/4'),
      '  clients get  no answer  of 9 requests',
      '  1.0 s',
    ]);
    display.close();
    display.showTraffic({ ...split, failed: 1, avoidable: 0 });
    expect(screen.lines()).toHaveLength(4);
  });

  it('leaves the last state on the screen when it is closed', () => {
    const screen = terminal(80);
    const display = createDisplay(screen, () => 1);
    display.show(rollout({ replicaSets: [] }));
    display.close();
    display.say('after');
    expect(screen.lines()).toHaveLength(4);
    expect(screen.lines().at(-1)).toBe('after');
  });

  it('prints a line for each change where there is no terminal', () => {
    const lines: string[] = [];
    const display = createDisplay({ write: (text) => lines.push(text) }, () => 2);
    display.show(rollout());
    display.show(rollout());
    display.show(rollout({ status: 'Healthy' }));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ {4}2\.0 s {2}Paused \(CanaryPauseStep\) \| step 1\/4/);
  });
});
