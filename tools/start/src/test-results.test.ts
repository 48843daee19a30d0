import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addUp, readVitestReport, summaryLines } from './test-results.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-report-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

function report(content: unknown): string {
  const file = path.join(folder, 'vitest.json');
  fs.writeFileSync(file, JSON.stringify(content));
  return file;
}

const good = { status: 'passed', assertionResults: [{}] };
const broken = { status: 'failed', assertionResults: [] };

describe('the sum of npm test', () => {
  it('takes over what vitest counted', () => {
    const file = report({ numPassedTests: 7, numFailedTests: 2, testResults: [good] });
    expect(readVitestReport(file, 1)).toEqual({ name: 'tests', passed: 7, failed: 2 });
  });

  it('counts a file that could not be loaded as a failed test', () => {
    const file = report({ numPassedTests: 7, numFailedTests: 0, testResults: [good, broken] });
    expect(readVitestReport(file, 1)).toEqual({ name: 'tests', passed: 7, failed: 1 });
  });

  it('counts a run that ended badly as failed though no test did', () => {
    const file = report({ numPassedTests: 7, numFailedTests: 0, testResults: [good] });
    expect(readVitestReport(file, 1)).toEqual({ name: 'tests', passed: 7, failed: 1 });
    expect(readVitestReport(file, 0)).toEqual({ name: 'tests', passed: 7, failed: 0 });
  });

  it('counts a run that left no report as failed', () => {
    expect(readVitestReport('/does/not/exist', 0)).toEqual({ name: 'tests', passed: 0, failed: 1 });
  });

  it('adds every suite up', () => {
    const results = [
      { name: 'types', passed: 1, failed: 0 },
      { name: 'tests', passed: 7, failed: 2 },
    ];
    expect(addUp(results)).toEqual({ passed: 8, failed: 2 });
    expect(summaryLines(results)).toEqual(['types  1 passed, 0 failed', 'tests  7 passed, 2 failed']);
  });
});
