import type { ContainerStatus, Pod } from '@sluice/model';
import { BAD, OK, PROGRESSING, UNKNOWN, WARNING } from './icons.ts';

/** What `kubectl get pods` shows in the columns READY, STATUS and RESTARTS. */
export interface PodStatus {
  readonly status: string;
  readonly readyContainers: number;
  readonly totalContainers: number;
  readonly restarts: number;
}

export function podStatus(pod: Pod): PodStatus {
  const init = initialisation(pod);
  const totalContainers = (pod.spec?.containers ?? []).length + [...sidecarNames(pod)].length;
  const containers = pod.status?.containerStatuses ?? [];
  const sidecars = (pod.status?.initContainerStatuses ?? []).filter((status) =>
    sidecarNames(pod).has(status.name ?? ''),
  );
  const readyContainers = [...containers, ...sidecars].filter(
    (status) => status.ready === true && status.state?.running !== undefined,
  ).length;
  const running = [...containers, ...sidecars].reduce((sum, status) => sum + (status.restartCount ?? 0), 0);

  let status = init?.status ?? containerReason(pod) ?? pod.status?.reason ?? pod.status?.phase ?? 'Unknown';
  if (
    status === 'Completed' &&
    containers.some((container) => container.ready === true && container.state?.running !== undefined)
  ) {
    status = isReady(pod) ? 'Running' : 'NotReady';
  }
  if (pod.metadata?.deletionTimestamp !== undefined)
    status = pod.status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  return { status, readyContainers, totalContainers, restarts: init?.restarts ?? running };
}

/** Init containers that keep running beside the pod; they count as containers. */
function sidecarNames(pod: Pod): Set<string> {
  return new Set(
    (pod.spec?.initContainers ?? [])
      .filter((container) => container.restartPolicy === 'Always')
      .map((container) => container.name ?? ''),
  );
}

/** `Init:…` and the restarts so far while an init container has not finished; undefined once all have. */
function initialisation(pod: Pod): { status: string; restarts: number } | undefined {
  const initContainers = pod.spec?.initContainers ?? [];
  let restarts = 0;
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    restarts += container.restartCount ?? 0;
    if (container.state?.terminated?.exitCode === 0) continue;
    if (sidecarNames(pod).has(container.name ?? '') && (container as { started?: boolean }).started === true) continue;
    const waiting = container.state?.waiting?.reason ?? '';
    const reason =
      container.state?.terminated !== undefined
        ? terminatedReason(container)
        : waiting !== '' && waiting !== 'PodInitializing'
          ? waiting
          : `${index}/${initContainers.length}`;
    return { status: `Init:${reason}`, restarts };
  }
  return undefined;
}

// Containers are read last to first, so that the first container with something to say is the one shown.
function containerReason(pod: Pod): string | undefined {
  let reason: string | undefined;
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    const waiting = container.state?.waiting?.reason ?? '';
    if (waiting !== '') reason = waiting;
    else if (container.state?.terminated !== undefined) reason = terminatedReason(container);
  }
  return reason;
}

function terminatedReason(container: ContainerStatus): string {
  const terminated = container.state?.terminated;
  if (terminated?.reason !== undefined && terminated.reason !== '') return terminated.reason;
  if (terminated?.signal !== undefined && terminated.signal !== 0) return `Signal:${terminated.signal}`;
  return `ExitCode:${terminated?.exitCode ?? 0}`;
}

function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

const FAILED = new Set([
  'Failed',
  'CrashLoopBackOff',
  'InvalidImageName',
  'OOMKilled',
  'Evicted',
  'ContainerCannotRun',
  'DeadlineExceeded',
]);

export function podIcon(status: string): string {
  const reason = status.startsWith('Init:') ? status.slice('Init:'.length) : status;
  if (FAILED.has(reason) || reason.startsWith('Signal:') || reason.startsWith('ExitCode:')) return BAD;
  if (
    reason === 'ImagePullBackOff' ||
    reason === 'RegistryUnavailable' ||
    reason.endsWith('Error') ||
    reason.startsWith('Err')
  )
    return WARNING;
  if (status.startsWith('Init:')) return PROGRESSING;
  switch (status) {
    case 'Running':
    case 'Completed':
    case 'Succeeded':
      return OK;
    case 'Pending':
    case 'ContainerCreating':
    case 'PodInitializing':
    case 'Terminating':
    case 'NotReady':
      return PROGRESSING;
    default:
      return UNKNOWN;
  }
}
