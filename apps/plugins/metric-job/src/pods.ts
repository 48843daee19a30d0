import { pathOf, resources } from '@sluice/kube';
import type { KubeClient } from '@sluice/kube';
import type { Job } from './job-state.ts';
import { bytesAsked, lastLines, linesAsked } from './last-lines.ts';
import type { FailedContainer, Pod } from './pod-state.ts';

/** The Job's controller puts the Job's uid on each of its pods: a Job made anew under the same name has other ones. */
const jobUidLabel = 'batch.kubernetes.io/controller-uid';

export async function podsOf(client: KubeClient, { metadata }: Job, signal: AbortSignal): Promise<readonly Pod[]> {
  const { namespace = '', uid = '' } = metadata;
  const { items } = await client.list<Pod>(resources.pods, {
    namespace,
    labelSelector: `${jobUidLabel}=${uid}`,
    signal,
  });
  return items;
}

// A verdict does not wait longer than this for words about it.
const logWithinMs = 5_000;

/** The end of what a container wrote, on one line. Throws KubeError when its node does not tell. */
export async function logOf(
  client: KubeClient,
  namespace: string,
  { pod, name }: FailedContainer,
  signal: AbortSignal,
): Promise<string> {
  const { body } = await client.raw({
    method: 'GET',
    path: pathOf(resources.pods, { namespace, name: pod }, 'log'),
    query: { container: name, tailLines: linesAsked, limitBytes: bytesAsked },
    accept: '*/*',
    timeoutMs: logWithinMs,
    signal,
  });
  return lastLines(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
}
