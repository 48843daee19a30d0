// Whether a running container is ready: after its delays, and while its exec probe, run as a local process, succeeds.
import type { Container, Pod } from '../base/pod.ts';
import { soonest } from '../base/time.ts';
import { failsAtOnce, readinessMs } from './behaviour.ts';
import type { ContainerLife } from './container.ts';
import type { Exit, LocalCommand } from './local-command.ts';

export interface Probe {
  passing: boolean;
  failures: number;
  /** When to probe next (epoch ms). */
  nextMs: number;
  running?: LocalCommand | undefined;
}

export interface Readiness {
  readonly ready: boolean;
  /** When to look again, ms from now. */
  readonly againMs: number | undefined;
}

/** Runs a probe's command; the exit is told later. Undefined where commands are not run. */
export type RunProbe =
  ((container: Container, command: readonly string[], onExit: (exit: Exit) => void) => LocalCommand) | undefined;

interface Asked {
  readonly pod: Pod;
  readonly container: Container;
  readonly life: ContainerLife;
  readonly probe: Probe;
  readonly boundMs: number;
  readonly nodeDelayMs: number;
  readonly nowMs: number;
}

export const newProbe = (): Probe => ({ passing: false, failures: 0, nextMs: 0 });

export function readiness(
  { pod, container, life, probe, boundMs, nodeDelayMs, nowMs }: Asked,
  run: RunProbe,
): Readiness {
  if (life.stage !== 'running') return { ready: false, againMs: undefined };
  const { initialDelaySeconds = 0 } = container.readinessProbe ?? {};
  const fromBound = boundMs + readinessMs(pod, nodeDelayMs);
  const readyMs = life.restarts > 0 && fromBound !== Infinity ? life.sinceMs + initialDelaySeconds * 1000 : fromBound;
  if (readyMs > nowMs) return { ready: false, againMs: readyMs === Infinity ? undefined : readyMs - nowMs };
  const command = container.readinessProbe?.exec?.command;
  if (!command?.length) return { ready: true, againMs: undefined };
  if (!run)
    return { ready: command[0] !== 'false' && !failsAtOnce({ ...container, command, args: [] }), againMs: undefined };
  if (!probe.running && probe.nextMs <= nowMs) startProbe(container, command, probe, nowMs, run);
  return { ready: probe.passing, againMs: soonest(probe.running ? undefined : probe.nextMs - nowMs) };
}

function startProbe(
  container: Container,
  command: readonly string[],
  probe: Probe,
  nowMs: number,
  run: NonNullable<RunProbe>,
): void {
  const { periodSeconds = 10, failureThreshold = 3 } = container.readinessProbe ?? {};
  probe.nextMs = nowMs + Math.max(1, periodSeconds) * 1000;
  probe.running = run(container, command, (exit) => {
    probe.running = undefined;
    probe.failures = exit.code === 0 ? 0 : probe.failures + 1;
    if (exit.code === 0) probe.passing = true;
    else if (probe.failures >= failureThreshold) probe.passing = false;
  });
}
