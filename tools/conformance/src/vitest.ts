import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Need } from './rule.ts';
import { createSuite, listChecks } from './suite.ts';
import type { Suite, SuiteOptions } from './suite.ts';
import type { SubjectType } from './subject.ts';

export interface ConformanceTests {
  readonly type: SubjectType;
  /** Starts the plugin and its world, once for all tests. `stop` ends what it started. */
  readonly start: () => Promise<
    Omit<SuiteOptions, 'target'> & {
      readonly target: Omit<SuiteOptions['target'], 'type'>;
      readonly stop?: () => Promise<void>;
    }
  >;
  /** What may be left out: a check that needs anything else and does not find it fails, so that none is lost unseen. */
  readonly without?: readonly Need[];
}

/** Registers one test for each check of the contract. */
export function testConformance({ type, start, without = [] }: ConformanceTests): void {
  describe(`the contract of a ${type}`, () => {
    let suite: Suite | undefined;
    let stop: (() => Promise<void>) | undefined;

    beforeAll(async () => {
      const started = await start();
      stop = started.stop;
      suite = createSuite({ ...started, target: { ...started.target, type } });
    }, 60_000);

    afterAll(async () => {
      suite?.close();
      await stop?.();
    }, 60_000);

    for (const check of listChecks(type)) {
      test(`${check.rule.id} ${check.rule.title}: ${check.title}`, { timeout: 60_000 }, async (context) => {
        const result = await suite?.run(check);
        if (result?.outcome === 'failed') throw result.error;
        if (result?.outcome !== 'left out') return;
        const expected = check.needs.some((need) => without.includes(need));
        expect(expected, `left out: ${result.why}. Give it, or list what it needs in \`without\``).toBe(true);
        context.skip(result.why);
      });
    }
  });
}
