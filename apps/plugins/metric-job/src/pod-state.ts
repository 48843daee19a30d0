import type { KubeObject } from '@sluice/kube';

/** What this plugin reads of a pod. */
export interface Pod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    /** Of the pod as a whole, such as `Evicted`. */
    readonly reason?: string;
    readonly message?: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: Terminated;
}

interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
  readonly finishedAt?: string;
}

const cannotBePulled: ReadonlySet<string> = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName']);

const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/** Why a pod cannot start, for people, where it is an image that cannot be had; undefined otherwise. */
export function imageTrouble(pods: readonly Pod[]): string | undefined {
  for (const pod of pods)
    for (const { name, image, state } of statusesOf(pod)) {
      const { reason = '', message = '' } = state?.waiting ?? {};
      if (!cannotBePulled.has(reason)) continue;
      const detail = message === '' ? '' : `: ${message}`;
      return `container "${name}" of pod "${pod.metadata.name}" cannot start: its image ${image ?? ''} gives ${reason}${detail}`;
    }
  return undefined;
}

/** A container that ended badly. */
export interface FailedContainer {
  readonly pod: string;
  readonly name: string;
  readonly exitCode: number;
  /** What its node says of the end, such as `OOMKilled`; empty for a plain exit. */
  readonly reason: string;
  /** What it left as its termination message. */
  readonly message: string;
}

/** The container to blame: of the pod that failed last, the first one that ended with another code than 0. */
export function failedContainer(pods: readonly Pod[]): FailedContainer | undefined {
  const found = pods.flatMap((pod) => failuresOf(pod).slice(0, 1));
  return found.sort((a, b) => b.atMs - a.atMs)[0];
}

function failuresOf(pod: Pod): readonly (FailedContainer & { readonly atMs: number })[] {
  return statusesOf(pod).flatMap(({ name, state, lastState }) => {
    const ended = state?.terminated ?? lastState?.terminated;
    if (ended === undefined || ended.exitCode === 0) return [];
    const { exitCode, reason = '', message = '', finishedAt = '' } = ended;
    const atMs = Date.parse(finishedAt) || 0;
    const plain = reason === 'Error' || reason === 'Completed';
    return [{ pod: pod.metadata.name ?? '', name, exitCode, reason: plain ? '' : reason, message, atMs }];
  });
}

/** Why a pod failed as a whole, where no container is to blame; undefined where none did. */
export function evictionOf(pods: readonly Pod[]): string | undefined {
  const evicted = pods.find(({ status }) => status?.phase === 'Failed' && (status.reason ?? '') !== '');
  if (evicted === undefined) return undefined;
  const { reason = '', message = '' } = evicted.status ?? {};
  return `pod "${evicted.metadata.name}" failed (${reason})${message === '' ? '' : `: ${message}`}`;
}
