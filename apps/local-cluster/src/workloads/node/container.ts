// The life of one container: it starts, perhaps exits, perhaps backs off and starts again. Time comes in as a parameter.
import type { Container, ContainerState, ContainerStatus, Pod } from '../base/pod.ts';
import { epochOf, soonest, timestamp } from '../base/time.ts';
import { annotated, annotatedMs, behaviour, failsAtOnce, isMissingImage } from './behaviour.ts';
import type { Exit, LocalCommand } from './local-command.ts';

export interface Ended {
  readonly exit: Exit;
  readonly startedMs: number;
  readonly finishedMs: number;
}

export interface ContainerLife {
  stage: 'created' | 'no-image' | 'no-config' | 'running' | 'backing-off' | 'exited';
  /** When this stage began (epoch ms). */
  sinceMs: number;
  restarts: number;
  /** Exits in a row, which the back-off grows with. */
  crashes: number;
  last?: Ended;
  /** Why it waits, for the stages that wait. */
  message?: string;
  command?: LocalCommand;
  /** What the command's process came to; acted upon at the next look. */
  commandExit?: Exit;
}

/** How a container is started: runs its command if there is one to run. Throws MissingConfig. */
export type Start = (container: Container, life: ContainerLife) => void;

export const newLife = (nowMs: number): ContainerLife => ({
  stage: 'created',
  sinceMs: nowMs,
  restarts: 0,
  crashes: 0,
});

const firstBackOffMs = 10_000;
const longestBackOffMs = 300_000;
// After this long without a crash, the next one counts as the first.
const forgivenAfterMs = 600_000;
const imageRetryMs = 1000;
const configRetryMs = 2000;
// What a run-to-completion container without a command takes: nobody knows what its image would do.
const unknownWorkMs = 1000;

const enter = (life: ContainerLife, stage: ContainerLife['stage'], nowMs: number, message?: string): void => {
  life.stage = stage;
  life.sinceMs = nowMs;
  if (message === undefined) delete life.message;
  else life.message = message;
};

const backOffMs = (crashes: number): number =>
  crashes <= 1 ? 0 : Math.min(firstBackOffMs * 2 ** (crashes - 2), longestBackOffMs);
const restartsOnExit = (pod: Pod, exit: Exit): boolean => {
  const policy = pod.spec.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exit.code !== 0);
};

/** Lets everything happen that is due. Returns when time alone will change something next (ms from now). */
export function advance(
  pod: Pod,
  container: Container,
  life: ContainerLife,
  nowMs: number,
  start: Start,
): number | undefined {
  for (;;) {
    switch (life.stage) {
      case 'created':
      case 'no-config':
        if (life.stage === 'no-config' && nowMs < life.sinceMs + configRetryMs)
          return life.sinceMs + configRetryMs - nowMs;
        if (isMissingImage(container)) enter(life, 'no-image', nowMs);
        else if (!begin(container, life, nowMs, start)) return configRetryMs;
        break;
      case 'no-image':
        return nowMs < life.sinceMs + imageRetryMs ? life.sinceMs + imageRetryMs - nowMs : undefined;
      case 'running': {
        const due = exitDue(pod, container, life, nowMs);
        if (due.exit === undefined) return due.againMs;
        end(pod, life, due.exit, nowMs);
        break;
      }
      case 'backing-off': {
        const left = life.sinceMs + backOffMs(life.crashes) - nowMs;
        if (left > 0) return left;
        life.restarts++;
        if (!begin(container, life, nowMs, start)) return configRetryMs;
        break;
      }
      case 'exited':
        return undefined;
    }
  }
}

function begin(container: Container, life: ContainerLife, nowMs: number, start: Start): boolean {
  delete life.command;
  delete life.commandExit;
  try {
    enter(life, 'running', nowMs);
    start(container, life);
    return true;
  } catch (error) {
    enter(life, 'no-config', nowMs, error instanceof Error ? error.message : String(error));
    return false;
  }
}

/** Ends a running container; its pod's restart policy says what comes next. */
export function end(pod: Pod, life: ContainerLife, exit: Exit, nowMs: number): void {
  life.last = { exit, startedMs: life.sinceMs, finishedMs: nowMs };
  life.crashes = nowMs - life.sinceMs >= forgivenAfterMs ? 1 : life.crashes + 1;
  enter(life, restartsOnExit(pod, exit) ? 'backing-off' : 'exited', nowMs);
}

/** Ends a container for good, whatever its restart policy says. */
export function endForGood(life: ContainerLife, exit: Exit, nowMs: number): void {
  if (life.stage === 'exited') return;
  life.last = { exit, startedMs: life.sinceMs, finishedMs: nowMs };
  enter(life, 'exited', nowMs);
}

const failed: Exit = { code: 1, reason: 'Error' };

function exitDue(
  pod: Pod,
  container: Container,
  life: ContainerLife,
  nowMs: number,
): { exit?: Exit; againMs?: number | undefined } {
  if (life.commandExit) return { exit: life.commandExit };
  const runsOn = (pod.spec.restartPolicy ?? 'Always') === 'Always';
  if (runsOn && failsAtOnce(container)) return { exit: failed };
  const crashMs = annotatedMs(pod, behaviour.crashAfter);
  const finishMs = runsOn || life.command ? undefined : (annotatedMs(pod, behaviour.exitAfter) ?? unknownWorkMs);
  const crashIn = crashMs === undefined ? undefined : life.sinceMs + crashMs - nowMs;
  const finishIn = finishMs === undefined ? undefined : life.sinceMs + finishMs - nowMs;
  if (crashIn !== undefined && crashIn <= 0) return { exit: failed };
  if (finishIn !== undefined && finishIn <= 0) return { exit: askedExit(pod, container) };
  return { againMs: soonest(crashIn, finishIn) };
}

function askedExit(pod: Pod, container: Container): Exit {
  const code = Number(annotated(pod, behaviour.exitCode) ?? (failsAtOnce(container) ? 1 : 0));
  return { code, reason: code === 0 ? 'Completed' : 'Error' };
}

/** The container as its pod's status shows it. */
export function containerStatus(
  pod: Pod,
  container: Container,
  life: ContainerLife,
  ready: boolean,
  nowMs: number,
): ContainerStatus {
  const { name, image = '' } = container;
  const started = life.stage === 'running' || life.stage === 'exited' || life.stage === 'backing-off';
  const identity = started
    ? { imageID: image, containerID: `local://${pod.metadata.uid}/${name}/${life.restarts}` }
    : { imageID: '' };
  return {
    name,
    image,
    ...identity,
    ready: ready && life.stage === 'running',
    started: life.stage === 'running',
    restartCount: life.restarts,
    state: stateOf(pod, container, life, nowMs),
    lastState:
      life.last && life.stage !== 'exited' && (life.stage === 'backing-off' || life.restarts > 0)
        ? { terminated: terminated(life.last) }
        : {},
  };
}

/** An init container: nothing of it is run, and it is taken as done. */
export function doneStatus(pod: Pod, container: Container, atMs: number): ContainerStatus {
  const last: Ended = { exit: { code: 0, reason: 'Completed' }, startedMs: atMs, finishedMs: atMs };
  const status = containerStatus(pod, container, { ...newLife(atMs), stage: 'exited', last }, false, atMs);
  return { ...status, ready: true };
}

const terminated = ({ exit, startedMs, finishedMs }: Ended): NonNullable<ContainerState['terminated']> => ({
  exitCode: exit.code,
  reason: exit.reason,
  startedAt: timestamp(startedMs),
  finishedAt: timestamp(finishedMs),
  ...(exit.message ? { message: exit.message } : {}),
});

function stateOf(pod: Pod, { name, image }: Container, life: ContainerLife, nowMs: number): ContainerState {
  const { namespace, name: podName, uid } = pod.metadata;
  const notFound = `failed to pull and unpack image "${image}": not found`;
  switch (life.stage) {
    case 'created':
      return { waiting: { reason: 'ContainerCreating' } };
    case 'no-image':
      return nowMs < life.sinceMs + imageRetryMs
        ? { waiting: { reason: 'ErrImagePull', message: notFound } }
        : {
            waiting: {
              reason: 'ImagePullBackOff',
              message: `Back-off pulling image "${image}": ErrImagePull: ${notFound}`,
            },
          };
    case 'no-config':
      return { waiting: { reason: 'CreateContainerConfigError', ...(life.message ? { message: life.message } : {}) } };
    case 'running':
      return { running: { startedAt: timestamp(life.sinceMs) } };
    case 'backing-off': {
      const message = `back-off ${backOffMs(life.crashes) / 1000}s restarting failed container=${name} pod=${podName}_${namespace}(${uid})`;
      return { waiting: { reason: 'CrashLoopBackOff', message } };
    }
    case 'exited':
      return life.last ? { terminated: terminated(life.last) } : {};
  }
}

/** The life of a container that a node finds running, as after a restart of the cluster with its data. */
export function foundLife(status: ContainerStatus | undefined, nowMs: number): ContainerLife {
  if (!status) return newLife(nowMs);
  const { running, terminated: over, waiting } = status.state;
  const before = over ?? status.lastState?.terminated;
  const last = before && {
    exit: {
      code: before.exitCode,
      reason: before.reason as Exit['reason'],
      ...(before.message ? { message: before.message } : {}),
    },
    startedMs: before.startedAt ? epochOf(before.startedAt) : nowMs,
    finishedMs: before.finishedAt ? epochOf(before.finishedAt) : nowMs,
  };
  const life: ContainerLife = { ...newLife(nowMs), restarts: status.restartCount, ...(last ? { last } : {}) };
  if (running) return { ...life, stage: 'running', sinceMs: epochOf(running.startedAt) };
  if (over) return { ...life, stage: 'exited' };
  return waiting?.reason === 'CrashLoopBackOff' ? { ...life, stage: 'backing-off', crashes: 2 } : life;
}
