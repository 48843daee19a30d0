import { isKubeError } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import type { Call } from '@sluice/plugin-sdk';
import type { Job, JobState } from './job-state.ts';
import { lastLines } from './last-lines.ts';
import { evictionOf, failedContainer } from './pod-state.ts';
import type { FailedContainer } from './pod-state.ts';
import { logOf, podsOf } from './pods.ts';

type Failed = Extract<JobState, { phase: 'Failed' }>;

// The plain case: a pod failed, and was not to be tried again. The pod's own words say more than that.
const plainReason = 'BackoffLimitExceeded';

/**
 * Why a Job failed, in one sentence with the end of the log of the container that failed. Empty where a container just ended without a word: then there is
 * nothing to say that the verdict does not say. That its words cannot be read is no reason to withhold the verdict.
 */
export async function failureMessage(client: KubeClient, job: Job, failed: Failed, call: Call): Promise<string> {
  const why = failed.reason === plainReason ? '' : `${failed.reason}: ${failed.message}`;
  const details = [why, (await quietly(job, call, () => detailOf(client, job, failed, call))) ?? ''];
  const said = details.filter((part) => part !== '').join('; ');
  return said === '' ? '' : `Job "${job.metadata.name}" failed: ${said}`;
}

async function detailOf(client: KubeClient, job: Job, failed: Failed, call: Call): Promise<string> {
  const pods = await podsOf(client, job, call.signal);
  const container = failedContainer(pods);
  if (container !== undefined) return endOf(container, await wordsOf(client, job, container, call));
  if (pods.length > 0) return evictionOf(pods) ?? '';
  return failed.reason === plainReason ? `${failed.message}; its pods are gone, and what they said with them` : '';
}

async function wordsOf(client: KubeClient, job: Job, container: FailedContainer, call: Call): Promise<string> {
  const namespace = job.metadata.namespace ?? '';
  const log = await quietly(job, call, () => logOf(client, namespace, container, call.signal));
  return log === undefined || log === '' ? lastLines(container.message) : log;
}

async function quietly<T>({ metadata }: Job, call: Call, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!isKubeError(error) || call.signal.aborted) throw error;
    const { name, namespace } = metadata;
    call.logger.warn({ job: name, namespace, error: error.message }, 'what a failed Job said cannot be read');
    return undefined;
  }
}

function endOf({ name, exitCode, reason }: FailedContainer, words: string): string {
  if (words === '' && reason === '') return '';
  const because = reason === '' ? '' : ` (${reason})`;
  return `container "${name}" ended with exit code ${exitCode}${because}${words === '' ? '' : `: ${words}`}`;
}
