import { parseTime } from '@sluice/model';
import type { EpochMs } from '../snapshot.ts';
import type { Situation } from '../situation.ts';
import { runEntries } from './entries.ts';

/** A runner says something of a new run after two seconds at the latest; times of creation have whole seconds. */
const patienceMs = 3_000;

/**
 * Until when a background analysis that has just begun is waited for; undefined when it has said something, or has had its time. A new version that is found bad at
 * once goes no step further, however fast its pods are. Whoever says nothing holds nobody.
 */
export function awaitsFirstWordUntil({ snapshot, status, now }: Situation): EpochMs | undefined {
  const entry = runEntries(status).Background;
  if (!entry || status.promoteFull || (entry.status && entry.status !== 'Pending')) return undefined;
  const run = snapshot.analysisRuns?.find(({ metadata }) => metadata.name === entry.name);
  // Its name is stored and it is asked for: it is about to be there, unless the analysis-runner does not answer.
  if (run === undefined) return snapshot.unreachable?.analysis === undefined ? now + patienceMs : undefined;
  const createdAt = parseTime(run.metadata.creationTimestamp);
  if (createdAt === undefined || run.status?.phase) return undefined;
  // Clocks that are too far apart tell nothing.
  return now >= createdAt - patienceMs && now < createdAt + patienceMs ? createdAt + patienceMs : undefined;
}
