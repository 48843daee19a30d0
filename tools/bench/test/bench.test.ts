import { decideRollout } from '@sluice/engine';
import { describe, expect, it } from 'vitest';
import { writesTable } from '../src/report.ts';
import { ratePerSecond } from '../src/rate.ts';
import { readCounter } from '../src/scrape.ts';
import { takeoverSnapshots, updateSnapshots } from '../src/snapshots.ts';
import { grouped, table } from '../src/table.ts';
import { usageOf } from '../src/usage.ts';

describe('The bench', () => {
  it('decides on moments at rest, in mid-step and during updates', () => {
    const groups = [...takeoverSnapshots(), updateSnapshots()];
    expect(groups.map(({ name }) => name)).toEqual(['at rest', 'in mid-step', 'during updates']);
    for (const { snapshots } of groups) expect(snapshots.length).toBeGreaterThan(10);
    const phases = groups.flatMap(({ snapshots }) => snapshots.map((snapshot) => decideRollout(snapshot).status.phase));
    expect(new Set(phases)).toEqual(new Set(['Healthy', 'Paused', 'Degraded', 'Progressing']));
  });

  it('counts only what is done, not what is prepared', () => {
    let [prepared, done] = [0, 0];
    const rate = ratePerSecond({ prepare: () => ((prepared += 1), [1, 2, 3]), do: () => (done += 1) }, 0.001);
    expect(done).toBe(prepared * 3);
    expect(rate).toBeGreaterThan(0);
  });

  it('reports writes for all and for each Rollout, Events and Leases apart', () => {
    const byResource = { 'apps/replicasets': { patch: 6, create: 2 }, 'argoproj.io/rollouts/status': { patch: 8 } };
    const text = writesTable({ total: 16, refused: 1, events: 5, leases: 3, byResource, first: [] }, 2);
    expect(text.split('\n').slice(1, 5)).toEqual([
      expect.stringMatching(/^patch argoproj.io\/rollouts\/status +8 +4.00$/),
      expect.stringMatching(/^patch apps\/replicasets +6 +3.00$/),
      expect.stringMatching(/^create apps\/replicasets +2 +1.00$/),
      expect.stringMatching(/^together +16 +8.00$/),
    ]);
  });

  it('reads a counter by one label, with only the series that are asked for', () => {
    const text = [
      '# TYPE calls_total counter',
      'calls_total{type="router",method="Apply",code="OK"} 3',
      'calls_total{type="router",method="Apply",code="Unavailable"} 2',
      'calls_total{type="router",method="Observe",code="OK"} 7',
      'calls_total{type="metric",method="Apply",code="OK"} 100',
      'calls_total_more{type="router",method="Apply"} 100',
    ].join('\n');
    expect([...readCounter(text, 'calls_total', 'method', { type: 'router' })]).toEqual([
      ['Apply', 5],
      ['Observe', 7],
    ]);
  });

  it('groups thousands and puts numbers to the right', () => {
    expect(grouped(1234567.8)).toBe('1 234 568');
    expect(grouped(1.5)).toBe('1.50');
    expect(
      table([
        ['name', 'count'],
        ['a', 7],
        ['bc', 1000],
      ]),
    ).toBe('name  count\na         7\nbc    1 000');
  });

  it.runIf(process.platform === 'linux')('knows what a process uses', () => {
    const { rssMiB, peakMiB } = usageOf(process.pid);
    expect(rssMiB).toBeGreaterThan(1);
    expect(peakMiB).toBeGreaterThanOrEqual(rssMiB);
  });
});
