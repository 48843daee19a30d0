import { RE2JS } from 're2js';

/**
 * Whether a rule (dryRun, measurementRetention) applies to a metric: the pattern is a Go regular expression that may match anywhere in the
 * name. A pattern that is none matches nothing. Linear in time, so that no rule can hang whoever asks.
 */
export function matchesPattern(pattern: string, metricName: string): boolean {
  try {
    return RE2JS.compile(pattern).matcher(metricName).find();
  } catch {
    return false;
  }
}
