// The kubelet of the one node: brings each pod that was bound to it from Pending to its end, and tells its status.
import type { Context } from '../base/context.ts';
import { keyOf } from '../base/object-cache.ts';
import type { Container, Pod, PodStatus } from '../base/pod.ts';
import { isTerminal } from '../base/pod.ts';
import { pods as resource } from '../base/resources.ts';
import { epochOf, soonest, timestamp } from '../base/time.ts';
import { annotated, annotatedMs, behaviour, shutdownMs, startupMs } from './behaviour.ts';
import type { ContainerLife } from './container.ts';
import { advance, containerStatus, doneStatus, endForGood, foundLife, newLife } from './container.ts';
import { environmentOf, expand } from './environment.ts';
import type { Exit, LocalCommand } from './local-command.ts';
import { startCommand } from './local-command.ts';
import { nodeName } from './node.ts';
import { findings, setCondition } from './pod-conditions.ts';
import type { Probe } from './readiness.ts';
import { newProbe, readiness } from './readiness.ts';

export interface KubeletOptions {
  /** From being bound to running, in ms. */
  readonly readyAfterMs: number;
  /** Run the commands of run-to-completion pods and of exec probes as processes of this machine. */
  readonly runCommands: boolean;
}

export interface Kubelet {
  /** What a container that ran as a process wrote; undefined if it did not. */
  logOf(namespace: string, pod: string, container?: string): string | undefined;
  stop(): void;
}

interface PodLife {
  readonly uid: string;
  readonly boundMs: number;
  readonly ip: string;
  readonly containers: Map<string, { life: ContainerLife; probe: Probe }>;
  /** What this node last said of the pod: what others wrote since stays until the pod changes by itself. */
  told: string;
  failure?: { reason: string; message: string };
  stoppingSinceMs?: number;
  killed?: boolean;
}

export function startKubelet(context: Context, options: KubeletOptions): Kubelet {
  const { store, loop, clock, pods } = context;
  const recorder = context.recorder('kubelet');
  const lives = new Map<string, PodLife>();
  let addresses = 0;

  const reconcile = (key: string): number | undefined => {
    const pod = pods.get(key);
    const known = lives.get(key);
    if (known && known.uid !== pod?.metadata.uid) forget(key, known);
    if (!pod || pod.spec.nodeName !== nodeName) return undefined;
    if (pod.metadata.deletionTimestamp) return stopPod(key, pod);
    if (isTerminal(pod)) return undefined;
    const life = lifeOf(key, pod);
    const again = live(key, pod, life);
    return soonest(again, tell(pod, life));
  };

  function live(key: string, pod: Pod, life: PodLife): number | undefined {
    const now = clock.now();
    const startMs = life.boundMs + startupMs(pod, options.readyAfterMs);
    if (now < startMs) return startMs - now;
    const waits = pod.spec.containers.map((c) =>
      advance(pod, c, life.containers.get(c.name)!.life, now, (container, containerLife) =>
        startContainer(key, pod, container, containerLife),
      ),
    );
    return soonest(...waits, failWhenDue(pod, life, startMs, now));
  }

  function failWhenDue(pod: Pod, life: PodLife, startMs: number, now: number): number | undefined {
    const failMs = annotatedMs(pod, behaviour.failAfter);
    const { activeDeadlineSeconds: deadline } = pod.spec;
    const failIn = failMs === undefined ? undefined : startMs + failMs - now;
    const deadlineIn = deadline === undefined ? undefined : life.boundMs + deadline * 1000 - now;
    if (failIn !== undefined && failIn <= 0)
      life.failure = { reason: 'Failed', message: `The pod failed, as its annotation ${behaviour.failAfter} asks.` };
    else if (deadlineIn !== undefined && deadlineIn <= 0)
      life.failure = {
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      };
    else return soonest(failIn, deadlineIn);
    for (const { life: container } of life.containers.values()) {
      container.command?.stop('SIGKILL');
      endForGood(container, { code: 137, reason: 'Error' }, now);
    }
    return undefined;
  }

  function startContainer(key: string, pod: Pod, container: Container, life: ContainerLife): void {
    const line = [...(container.command ?? []), ...(container.args ?? [])];
    const completes = (pod.spec.restartPolicy ?? 'Always') !== 'Always';
    const asked = annotated(pod, behaviour.exitAfter) ?? annotated(pod, behaviour.exitCode);
    if (options.runCommands && completes && line.length && asked === undefined) {
      life.command = run(key, pod, container, line, (exit) => void (life.commandExit = exit));
    }
    recorder.record(pod, 'Normal', 'Started', `Started container ${container.name}`);
  }

  function run(
    key: string,
    pod: Pod,
    container: Container,
    line: readonly string[],
    onExit: (exit: Exit) => void,
  ): LocalCommand {
    // The address is known to the pod's own environment before it is in the status.
    const ip = lives.get(key)?.ip;
    const env = environmentOf(
      store,
      { ...pod, status: { ...pod.status, podIP: ip, hostIP: '127.0.0.1' } } as Pod,
      container,
    );
    const words = line.map((word) => expand(word, env));
    return startCommand(words, env, (exit) => {
      onExit(exit);
      enqueue(key);
    });
  }

  function stopPod(key: string, pod: Pod): number | undefined {
    const life = lifeOf(key, pod);
    const now = clock.now();
    const running = pod.status?.phase === 'Running' && (pod.metadata.deletionGracePeriodSeconds ?? 0) > 0;
    if (life.stoppingSinceMs === undefined) {
      life.stoppingSinceMs = now;
      if (running)
        for (const { name } of pod.spec.containers)
          recorder.record(pod, 'Normal', 'Killing', `Stopping container ${name}`);
    }
    const left = running ? life.stoppingSinceMs + shutdownMs(pod) - now : 0;
    if (left > 0) return left;
    const wait = running ? stopCommands(pod, life, now) : undefined;
    if (wait !== undefined) return wait;
    remove(pod, life, now);
    return undefined;
  }

  /** Asks the processes to end, and makes them at the end of the grace period. Returns how long they may still take; undefined when all have ended. */
  function stopCommands(pod: Pod, life: PodLife, now: number): number | undefined {
    const commands = [...life.containers.values()].filter(
      ({ life: c }) => c.command && c.stage === 'running' && !c.commandExit,
    );
    if (commands.length === 0) return undefined;
    const endMs = life.stoppingSinceMs! + (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    const signal = now >= endMs ? 'SIGKILL' : 'SIGTERM';
    if (signal === 'SIGKILL' || !life.killed) for (const { life: c } of commands) c.command!.stop(signal);
    life.killed = true;
    return Math.max(endMs - now, 1000);
  }

  function remove(pod: Pod, life: PodLife, now: number): void {
    if (pod.metadata.finalizers?.length && !isTerminal(pod)) {
      for (const { life: c } of life.containers.values())
        endForGood(c, c.commandExit ?? { code: 143, reason: 'Error' }, now);
      life.failure ??= { reason: '', message: '' };
      tell(pod, life);
    }
    const { namespace, name, uid } = pod.metadata;
    store.remove(resource, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
  }

  function lifeOf(key: string, pod: Pod): PodLife {
    const known = lives.get(key);
    if (known) return known;
    const found = pod.status?.phase === 'Running' ? pod.status : undefined;
    const now = clock.now();
    if (found?.podIP) addresses = Math.max(addresses, ordinalOf(found.podIP));
    const life: PodLife = {
      uid: pod.metadata.uid,
      boundMs: found?.startTime ? epochOf(found.startTime) : now,
      ip: found?.podIP ?? nextAddress(),
      containers: new Map(),
      told: '',
    };
    for (const c of pod.spec.containers) {
      const status = found?.containerStatuses?.find((s) => s.name === c.name);
      const containerLife = found ? foundLife(status, now) : newLife(now);
      // Its process ended with the cluster that started it.
      if (containerLife.stage === 'running' && runsAsProcess(pod, c))
        containerLife.commandExit = { code: 137, reason: 'ContainerStatusUnknown' };
      life.containers.set(c.name, { life: containerLife, probe: newProbe() });
    }
    if (found) life.told = JSON.stringify(said(pod, life).own);
    lives.set(key, life);
    return life;
  }

  const runsAsProcess = (pod: Pod, c: Container): boolean =>
    options.runCommands && (pod.spec.restartPolicy ?? 'Always') !== 'Always' && (c.command ?? c.args) !== undefined;

  const nextAddress = (): string => addressOf(++addresses);

  function forget(key: string, life: PodLife): void {
    for (const { life: c, probe } of life.containers.values()) {
      if (c.stage === 'running' && !c.commandExit) c.command?.stop('SIGKILL');
      probe.running?.stop('SIGKILL');
    }
    lives.delete(key);
  }

  /** What this node has to say of the pod now, and when that changes by itself. */
  function said(pod: Pod, life: PodLife) {
    const nowMs = clock.now();
    let againMs: number | undefined;
    const key = keyOf(pod);
    const probing = options.runCommands
      ? (c: Container, command: readonly string[], onExit: (exit: Exit) => void) => run(key, pod, c, command, onExit)
      : undefined;
    const containers = pod.spec.containers.map((container) => {
      const { life: c, probe } = life.containers.get(container.name)!;
      const { ready, againMs: wait } = readiness(
        { pod, container, life: c, probe, boundMs: life.boundMs, nodeDelayMs: options.readyAfterMs, nowMs },
        probing,
      );
      againMs = soonest(againMs, wait);
      return containerStatus(pod, container, c, ready, nowMs);
    });
    const phase = life.failure ? 'Failed' : phaseOf(life);
    const hasAddress = [...life.containers.values()].some(({ life: c }) => c.stage !== 'created');
    const own = {
      phase,
      ...(life.failure?.reason ? life.failure : {}),
      containerStatuses: containers,
      ...(hasAddress && pod.spec.initContainers
        ? { initContainerStatuses: pod.spec.initContainers.map((c) => doneStatus(pod, c, life.boundMs)) }
        : {}),
      ...(hasAddress ? { podIP: life.ip, podIPs: [{ ip: life.ip }] } : {}),
      conditions: findings(pod, phase, containers),
    };
    return { own, againMs };
  }

  function tell(pod: Pod, life: PodLife): number | undefined {
    const { own, againMs } = said(pod, life);
    const text = JSON.stringify(own);
    if (text === life.told) return againMs;
    life.told = text;
    const { conditions, ...fields } = own;
    const edit = (draft: { status?: PodStatus }): void => {
      const status = (draft.status ??= {});
      Object.assign(status, fields, { hostIP: '127.0.0.1', hostIPs: [{ ip: '127.0.0.1' }] });
      status.startTime ??= timestamp(life.boundMs);
      for (const [type, finding] of Object.entries(conditions)) setCondition(status, type, finding, clock.now());
    };
    store.modify(resource, pod.metadata.namespace, pod.metadata.name, edit, { subresource: 'status' });
    return againMs;
  }

  const enqueue = loop.controller('kubelet', reconcile);
  pods.onChange((now, before) => {
    const pod = now ?? before!;
    if (pod.spec.nodeName === nodeName) enqueue(keyOf(pod));
  });
  return {
    logOf(namespace, name, container) {
      const life = lives.get(`${namespace}/${name}`);
      const found = container === undefined ? life?.containers.values().next().value : life?.containers.get(container);
      return found?.life.command?.output();
    },
    stop() {
      for (const [key, life] of lives) forget(key, life);
    },
  };
}

// Pods get 10.100.0.1, 10.100.0.2, …: none is used twice, also after a restart with data.
const addressOf = (ordinal: number): string =>
  `10.${100 + ((ordinal >> 16) & 63)}.${(ordinal >> 8) & 255}.${ordinal & 255}`;
function ordinalOf(address: string): number {
  const [, b = 100, c = 0, d = 0] = address.split('.').map(Number);
  return ((b - 100) << 16) | (c << 8) | d;
}

function phaseOf({ containers }: PodLife): NonNullable<PodStatus['phase']> {
  const lives = [...containers.values()].map(({ life }) => life);
  if (lives.every((c) => c.stage === 'exited'))
    return lives.every((c) => c.last?.exit.code === 0) ? 'Succeeded' : 'Failed';
  return lives.some(
    (c) => (c.stage === 'created' || c.stage === 'no-image' || c.stage === 'no-config') && c.restarts === 0,
  )
    ? 'Pending'
    : 'Running';
}
