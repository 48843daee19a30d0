import fs from 'node:fs';

/** How many of a suite's tests passed and failed. */
export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/**
 * What a vitest run came to. A file that could not even be loaded counts as one failed test, and so does a run that ended badly
 * though no test failed (an unhandled error, no test found, a run that was cut short).
 */
export function readVitestReport(file: string, exitCode: number): SuiteResult {
  let report: VitestReport | undefined;
  try {
    report = JSON.parse(fs.readFileSync(file, 'utf8')) as VitestReport;
  } catch {
    return { name: 'tests', passed: 0, failed: 1 };
  }
  const unloaded = report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0).length;
  const failed = report.numFailedTests + unloaded;
  return { name: 'tests', passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

export function addUp(results: readonly SuiteResult[]): { readonly passed: number; readonly failed: number } {
  const sum = (field: 'passed' | 'failed') => results.reduce((total, result) => total + result[field], 0);
  return { passed: sum('passed'), failed: sum('failed') };
}

export function summaryLines(results: readonly SuiteResult[]): string[] {
  const width = Math.max(...results.map((result) => result.name.length));
  return results.map(({ name, passed, failed }) => `${name.padEnd(width)}  ${passed} passed, ${failed} failed`);
}
