import { describe, expect, test } from 'vitest';
import { createSuite, listChecks, runSuite } from '../src/index.ts';
import type { Report } from '../src/index.ts';
import type { SuiteOptions } from '../src/index.ts';
import { metricMutants } from './metric-mutants.ts';
import { startMemoryMetric, startMemoryRouter, startMemoryStep } from './plugins.ts';
import { behindProxy } from './proxy.ts';
import { routerMutants } from './router-mutants.ts';
import { stepMutants } from './step-mutants.ts';

// A suite that passes everything proves nothing: each rule has at least one plugin that is wrong in just this, and is caught.

async function reportOn(started: SuiteOptions & { stop: () => Promise<void> }, rule?: string): Promise<Report> {
  const suite = createSuite(started);
  try {
    return await runSuite(suite, rule === undefined ? {} : { only: [rule] });
  } finally {
    suite.close();
    await started.stop();
  }
}

function failedRules({ rules }: Report): string[] {
  return rules.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id);
}

describe.concurrent('a router that', { timeout: 240_000 }, () => {
  test.each(routerMutants)('$does breaks $breaks', async ({ breaks, bend = {}, spoil }) => {
    const started = await startMemoryRouter(bend);
    const report = await reportOn(spoil === undefined ? started : await behindProxy(started, spoil()), breaks);
    expect(failedRules(report)).toEqual([breaks]);
  });

  test('has nothing wrong with it but a proxy in front passes', async () => {
    const report = await reportOn(await behindProxy(await startMemoryRouter(), {}));
    expect(failedRules(report)).toEqual([]);
  });
});

describe.concurrent('a metric provider that', { timeout: 240_000 }, () => {
  test.each(metricMutants)('$does breaks $breaks', async ({ breaks, bend, spoil }) => {
    const started = await startMemoryMetric(bend);
    const report = await reportOn(spoil === undefined ? started : await behindProxy(started, spoil()), breaks);
    expect(failedRules(report)).toEqual([breaks]);
  });

  test('has nothing wrong with it but a proxy in front passes', async () => {
    const report = await reportOn(await behindProxy(await startMemoryMetric(), {}));
    expect(failedRules(report)).toEqual([]);
  });
});

describe.concurrent('a step that', { timeout: 240_000 }, () => {
  test.each(stepMutants)('$does breaks $breaks', async ({ breaks, bend, spoil }) => {
    const started = await startMemoryStep(bend);
    const report = await reportOn(spoil === undefined ? started : await behindProxy(started, spoil()), breaks);
    expect(failedRules(report)).toEqual([breaks]);
  });

  test('has nothing wrong with it but a proxy in front passes', async () => {
    const report = await reportOn(await behindProxy(await startMemoryStep(), {}));
    expect(failedRules(report)).toEqual([]);
  });
});

test('each rule has a plugin that breaks it', () => {
  const broken = [...routerMutants, ...stepMutants].map(({ breaks }) => breaks);
  const rules = [...listChecks('router'), ...listChecks('step')].map(({ rule }) => rule.id);
  expect(new Set(broken)).toEqual(new Set(rules));
  // Those of metric providers are other checks, also where they bear the number of a rule that all have.
  const ofMetrics = listChecks('metric').map(({ rule }) => rule.id);
  expect(new Set(metricMutants.map(({ breaks }) => breaks))).toEqual(new Set(ofMetrics));
});
