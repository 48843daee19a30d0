import { describe, expect, it } from 'vitest';
import { finishedJobs } from '../src/collection.ts';
import { mayBeStuck, pollAfterMs, stateOf } from '../src/job-state.ts';
import { lastLines } from '../src/last-lines.ts';
import { evictionOf, failedContainer, imageTrouble } from '../src/pod-state.ts';
import type { Pod } from '../src/pod-state.ts';

const condition = (type: string, status = 'True') => ({ type, status, reason: 'R', message: 'm' });
const job = (status: object) => ({ metadata: { name: 'j' }, status });

describe('a Job', () => {
  it('is done when one of its two last conditions holds, and not while the end is only announced', () => {
    expect(stateOf({ metadata: {} })).toEqual({ phase: 'Running' });
    expect(stateOf(job({ failed: 1, conditions: [condition('FailureTarget')] }))).toEqual({ phase: 'Running' });
    expect(stateOf(job({ conditions: [condition('Suspended', 'False'), condition('Complete')] })).phase).toBe(
      'Successful',
    );
    expect(stateOf(job({ conditions: [condition('Complete', 'False')] })).phase).toBe('Running');
    expect(stateOf(job({ conditions: [condition('FailureTarget'), condition('Failed')] }))).toEqual({
      phase: 'Failed',
      reason: 'R',
      message: 'm',
    });
  });

  it('has its pods looked at only while not all of them are ready', () => {
    expect(mayBeStuck(job({ active: 1, ready: 0 }))).toBe(true);
    expect(mayBeStuck(job({ active: 1, ready: 1 }))).toBe(false);
    expect(mayBeStuck(job({}))).toBe(false);
  });

  it('is asked after half a second at first, and every five seconds later', () => {
    const started = { metadata: {}, status: { startTime: '2026-01-01T00:00:00Z' } };
    const after = (seconds: number) => pollAfterMs(started, Date.parse('2026-01-01T00:00:00Z') + 1000 * seconds);
    expect([0, -5, 20, 3600].map(after)).toEqual([500, 500, 2000, 5000]);
    expect(pollAfterMs({ metadata: {} }, Date.now())).toBe(500);
  });
});

const pod = (name: string, ...containers: object[]): Pod =>
  ({ metadata: { name }, status: { containerStatuses: containers } }) as Pod;
const ended = (name: string, exitCode: number, finishedAt: string, reason = 'Error') => ({
  name,
  state: { terminated: { exitCode, reason, finishedAt } },
});

describe('pods', () => {
  it('tell of an image that cannot be had, also of an init container', () => {
    const waiting = { name: 'c', image: 'x:1', state: { waiting: { reason: 'ImagePullBackOff', message: 'no such' } } };
    expect(
      imageTrouble([pod('a', { name: 'c', state: { waiting: { reason: 'ContainerCreating' } } })]),
    ).toBeUndefined();
    const text = 'container "c" of pod "a" cannot start: its image x:1 gives ImagePullBackOff: no such';
    expect(imageTrouble([pod('a', waiting)])).toBe(text);
    const init = { metadata: { name: 'a' }, status: { initContainerStatuses: [waiting] } } as Pod;
    expect(imageTrouble([init])).toBe(text);
  });

  it('show the container that failed: the last pod, the first container that ended badly', () => {
    const pods = [
      pod('old', ended('c', 1, '2026-01-01T00:00:00Z')),
      pod('new', ended('ok', 0, '2026-01-01T00:01:00Z'), ended('c', 3, '2026-01-01T00:01:01Z', 'OOMKilled')),
      pod('running', { name: 'c', state: { running: {} } }),
    ];
    expect(failedContainer(pods)).toMatchObject({ pod: 'new', name: 'c', exitCode: 3, reason: 'OOMKilled' });
    expect(failedContainer([])).toBeUndefined();
  });

  it('may fail as a whole', () => {
    const status = { phase: 'Failed', reason: 'Evicted', message: 'disk' };
    expect(evictionOf([{ metadata: { name: 'a' }, status }])).toBe('pod "a" failed (Evicted): disk');
    expect(evictionOf([pod('b')])).toBeUndefined();
  });
});

describe('the end of a log', () => {
  it('is one line without colours, controls and empty lines', () => {
    expect(lastLines('\u001b[31mfirst\u001b[0m\r\n\n  second\u0007 \nthird')).toBe('first | second | third');
  });

  it('is ten lines and 800 characters at most, the last ones', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
    expect(lastLines(lines.join('\n'))).toBe(lines.slice(-10).join(' | '));
    const long = lastLines(`${'x'.repeat(100_000)}end`);
    expect([long.length, long.slice(0, 2), long.slice(-4)]).toEqual([801, '…x', 'xend']);
  });
});

describe('what is collected', () => {
  it('is in the order of measuring, of one metric or of all', () => {
    const made = (name: string, metric: string, ordinal: number, at: string) => ({
      metadata: {
        name,
        creationTimestamp: at,
        annotations: { 'analysisrun.argoproj.io/metric-name': metric, 'sluice.dev/measurement': String(ordinal) },
      },
    });
    const at = '2026-01-01T00:00:00Z';
    const jobs = [
      made('c', 'm', 10, at),
      made('b', 'm', 9, at),
      made('x', 'n', 1, at),
      made('a', 'm', 8, '2025-01-01T00:00:00Z'),
    ];
    expect(finishedJobs(jobs, 'm').map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(finishedJobs(jobs, undefined)).toHaveLength(4);
  });
});
