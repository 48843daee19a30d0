import fs from 'node:fs';
import path from 'node:path';
import { root } from '@sluice/tools-start';
import { describe, expect, it } from 'vitest';

const charts = path.join(root, 'charts');
const files = fs.globSync('*/rules/*.yaml', { cwd: charts }).sort();
const rulesIn = (file: string): string[] => fs.readFileSync(path.join(charts, file), 'utf8').split(/^- /m).slice(1);

describe('what charts allow', () => {
  it('is to read Secrets for the scheduler of the analysis-runner alone, and for nobody to list or change them', () => {
    const readers = files.filter((file) => rulesIn(file).some((rule) => /^ {2}resources:.*\bsecrets\b/m.test(rule)));
    expect(readers).toEqual(['sluice/rules/analysis-runner.yaml']);
    const rule = rulesIn('sluice/rules/analysis-runner.yaml').find((each) => each.includes('secrets'));
    expect(rule).toMatch(/^ {2}verbs: \[get\]$/m);
  });

  it('is to change objects by patches alone, Leases aside: what others wrote meanwhile is never written over', () => {
    const updating = files.flatMap((file) => rulesIn(file).filter((rule) => /^ {2}verbs:.*\bupdate\b/m.test(rule)));
    const resources = updating.flatMap((rule) => /^ {2}resources: \[(.*)\]$/m.exec(rule)?.[1]?.split(', ') ?? []);
    expect(resources.filter((each) => each !== 'leases' && !each.endsWith('/finalizers'))).toEqual([]);
  });

  it.each(files)('is never everything: %s', (file) => {
    const rules = rulesIn(file);
    expect(rules.length).toBeGreaterThan(0);
    for (const rule of rules) expect(rule).not.toMatch(/\*|\bescalate\b|\bbind\b|\bimpersonate\b/);
  });
});
