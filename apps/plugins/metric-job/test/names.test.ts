import { describe, expect, it } from 'vitest';
import { jobNames, measurementJob, measures } from '../src/measurement-job.ts';
import type { Measured } from '../src/measurement-job.ts';
import { readJobSettings } from '../src/settings.ts';

const run = { namespace: 'shop', name: 'shop-1', uid: '0f0d6a51-2f9e-4a6c-9a52-3c9f0f7d8a10' };
const measured = (metric: string, ordinal = 1): Measured => ({ run, metric, ordinal });
const spec = { template: { spec: { restartPolicy: 'Never', containers: [] } } };
const isName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

describe('the name of a Job', () => {
  it('is made of run, metric and ordinal', () => {
    expect(jobNames(measured('smoke', 3))[0]).toBe(`${run.uid}.smoke.3`);
  });

  it.each([
    'integration-tests-of-the-checkout',
    'Smoke Test',
    '..',
    'ünïcode',
    'a-',
    'x'.repeat(24),
    `${'x'.repeat(23)}-y`,
  ])('is one that objects may have for the metric %j', (metric) => {
    for (const ordinal of [1, 12_345])
      for (const name of jobNames(measured(metric, ordinal))) {
        expect(name).toMatch(isName);
        expect(name.length).toBeLessThanOrEqual(63);
      }
  });

  it('cuts long metrics, and has another name for those that are cut to the same', () => {
    const [one, two] = ['integration-tests-of-the-checkout', 'integration-tests-of-the-cart'].map((metric) =>
      jobNames(measured(metric)),
    );
    expect(one?.[0]).toBe(`${run.uid}.integration-tests-of-the.1`);
    expect(two?.[0]).toBe(one?.[0]);
    expect(two?.[1]).not.toBe(one?.[1]);
  });
});

describe('the Job', () => {
  const settings = readJobSettings({
    metadata: { labels: { team: 'web' }, annotations: { note: 'x' }, name: 'ignored' },
    spec: { ...spec, backoffLimit: 2, template: { ...spec.template, metadata: { labels: { app: 'smoke' } } } },
  });
  const place = { namespace: 'shop', name: 'n', owned: true };

  it('carries the marks of its run and metric, and is owned by the run', () => {
    expect(measurementJob(measured('smoke', 2), settings, place)).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: 'n',
        namespace: 'shop',
        labels: { team: 'web', 'analysisrun.argoproj.io/uid': run.uid },
        annotations: {
          note: 'x',
          'analysisrun.argoproj.io/name': 'shop-1',
          'analysisrun.argoproj.io/namespace': 'shop',
          'analysisrun.argoproj.io/metric-name': 'smoke',
          'sluice.dev/measurement': '2',
        },
        ownerReferences: [
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'AnalysisRun',
            name: 'shop-1',
            uid: run.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        backoffLimit: 2,
        template: {
          ...spec.template,
          metadata: { labels: { app: 'smoke', 'analysisrun.argoproj.io/uid': run.uid } },
        },
      },
    });
  });

  it('goes by itself after a day where its run cannot own it, even if its verdict was never read', () => {
    const elsewhere = { ...place, namespace: 'jobs', owned: false };
    const job = measurementJob(measured('smoke'), settings, elsewhere);
    expect(job.metadata.ownerReferences).toBeUndefined();
    expect(job.spec['ttlSecondsAfterFinished']).toBe(86_400);
    const own = readJobSettings({ spec: { ...spec, ttlSecondsAfterFinished: 5 } });
    const short = measurementJob(measured('smoke'), own, elsewhere);
    expect(short.spec['ttlSecondsAfterFinished']).toBe(86_400);
    expect(short.metadata.annotations?.['sluice.dev/ttl-seconds-after-finished']).toBe('5');
  });

  it('is known again by its marks; one that another controller made needs no more than its run', () => {
    const job = measurementJob(measured('smoke', 2), settings, place);
    expect(measures(job, measured('smoke', 2))).toBe(true);
    expect(measures(job, measured('smoke', 3))).toBe(false);
    expect(measures(job, measured('other', 2))).toBe(false);
    expect(measures(job, { ...measured('smoke', 2), run: { ...run, uid: 'x' } })).toBe(false);
    const { labels = {} } = job.metadata;
    expect(measures({ metadata: { labels } }, measured('smoke', 2))).toBe(true);
  });
});

describe('provider.job', () => {
  it.each([
    [{}, 'spec'],
    [{ spec: [] }, 'spec'],
    [{ spec: {} }, 'spec.template'],
    [{ spec: { template: { spec: { containers: [] } } } }, 'spec.template.spec.restartPolicy'],
    [{ spec: { template: { spec: { restartPolicy: 'Always' } } } }, 'spec.template.spec.restartPolicy'],
    [{ metadata: { labels: { a: 1 } }, spec }, 'metadata.labels.a'],
  ])('%j is refused at %s', (config, path) => {
    expect(() => readJobSettings(config as never)).toThrow(expect.objectContaining({ code: 'Invalid', path }));
  });
});
