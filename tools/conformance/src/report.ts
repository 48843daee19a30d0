import type { CheckOutcome, Suite } from './suite.ts';

export interface RuleResult {
  readonly id: string;
  readonly title: string;
  /** `failed` if one check did, `left out` if all were. */
  readonly outcome: CheckOutcome['outcome'];
  readonly checks: readonly { readonly title: string; readonly result: CheckOutcome }[];
}

export interface Report {
  readonly rules: readonly RuleResult[];
  readonly passed: number;
  readonly failed: number;
  readonly leftOut: number;
}

export interface RunOptions {
  /** Hears of each check at once. */
  readonly onCheck?: (rule: string, title: string, result: CheckOutcome) => void;
  /** Rules to check, such as `R4`; all when absent. */
  readonly only?: readonly string[];
}

/** Runs the checks, one after the other. */
export async function runSuite(suite: Suite, { onCheck, only }: RunOptions = {}): Promise<Report> {
  const results = new Map<string, { title: string; checks: { title: string; result: CheckOutcome }[] }>();
  for (const check of suite.checks) {
    const { id, title } = check.rule;
    if (only !== undefined && !only.includes(id)) continue;
    const result = await suite.run(check);
    onCheck?.(id, check.title, result);
    const rule = results.get(id) ?? { title, checks: [] };
    rule.checks.push({ title: check.title, result });
    results.set(id, rule);
  }
  const rules = [...results].map(([id, { title, checks }]) => {
    const outcomes = checks.map(({ result }) => result.outcome);
    const outcome = outcomes.includes('failed') ? 'failed' : outcomes.includes('passed') ? 'passed' : 'left out';
    return { id, title, outcome, checks } as const;
  });
  const count = (outcome: CheckOutcome['outcome']): number => rules.filter((rule) => rule.outcome === outcome).length;
  return { rules, passed: count('passed'), failed: count('failed'), leftOut: count('left out') };
}

/** For people: one line for each rule, and below it the checks that failed or were left out. */
export function textOf({ rules, passed, failed, leftOut }: Report): string {
  const lines = rules.flatMap(({ id, title, outcome, checks }) => [
    `${outcome.padEnd(8)}  ${id.padEnd(3)} ${title}`,
    ...checks.flatMap(({ title: check, result }) =>
      result.outcome === 'passed' ? [] : [`              ${result.outcome}: ${check} (${result.why})`],
    ),
  ]);
  return [...lines, '', `${passed} passed, ${failed} failed, ${leftOut} left out`].join('\n');
}
