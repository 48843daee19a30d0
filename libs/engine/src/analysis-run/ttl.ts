import { parseTime } from '@sluice/model';
import type { AnalysisRunSpec, AnalysisRunStatus } from '@sluice/model';
import type { EpochMs } from '../snapshot.ts';

/**
 * When a run is to be deleted, or undefined. More whole seconds than the strategy says must have passed since its end. Source:
 * spec-analysis §8.
 */
export function deletionMoment(
  { ttlStrategy }: AnalysisRunSpec,
  status: AnalysisRunStatus | undefined,
): EpochMs | undefined {
  const completedAt = parseTime(status?.completedAt);
  if (!ttlStrategy || completedAt === undefined) return undefined;
  const { secondsAfterCompletion, secondsAfterFailure, secondsAfterSuccess } = ttlStrategy;
  const own =
    status?.phase === 'Successful' ? secondsAfterSuccess : status?.phase === 'Failed' ? secondsAfterFailure : undefined;
  const seconds = own ?? secondsAfterCompletion ?? undefined;
  return seconds === undefined ? undefined : completedAt + (seconds + 1) * 1000;
}
