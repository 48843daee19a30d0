// What a pod will do, read from the pod itself: there is no image to run, so names, commands, probes, hooks and annotations decide.
import type { Container, Pod } from '../base/pod.ts';

/** Annotations that change what a pod does. They count at any time, also on a pod that already runs (`kubectl annotate pod …`). */
export const behaviour = {
  /** `5s` after the pod was bound, or `never`. */
  readyAfter: 'local-cluster.sluice.dev/ready-after',
  /** The pod fails (phase Failed) this long after its start. */
  failAfter: 'local-cluster.sluice.dev/fail-after',
  /** Every container exits with 1 this long after each of its starts, and is restarted as its pod says. */
  crashAfter: 'local-cluster.sluice.dev/crash-after',
  /** A run-to-completion container exits this long after its start, and no command is run. */
  exitAfter: 'local-cluster.sluice.dev/exit-after',
  /** Its exit code; 0 if absent. */
  exitCode: 'local-cluster.sluice.dev/exit-code',
  /** The pod takes this long to stop, within its grace period. */
  stopAfter: 'local-cluster.sluice.dev/stop-after',
} as const;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `200ms`, `5s`, `1m30s` or a bare number of seconds; undefined if it is none of these. */
export function durationMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) total += Number(amount) * unitMs[unit!]!;
  return total;
}

export const annotated = (pod: Pod, name: string): string | undefined => pod.metadata.annotations?.[name];
export const annotatedMs = (pod: Pod, name: string): number | undefined => durationMs(annotated(pod, name));

const commandLine = (c: Container): string => [...(c.command ?? []), ...(c.args ?? [])].join(' ');

/** An image that no registry has: its container never starts. */
export const isMissingImage = ({ image = '' }: Container): boolean =>
  /does-not-exist|doesnotexist|bad-image|:broken/.test(image) || image.endsWith('-error');

/** A command that is known to fail at once. */
export const failsAtOnce = (c: Container): boolean => /exit 1|bad-command|\/crash/.test(commandLine(c));

type Hook = NonNullable<Container['lifecycle']>['preStop'];

function sleepMs(hook: Hook): number {
  if (hook?.sleep) return hook.sleep.seconds * 1000;
  const slept = /(?:^|[/\s])sleep (\d+(?:\.\d+)?)s?$/.exec(hook?.exec?.command?.join(' ') ?? '');
  return slept ? Number(slept[1]) * 1000 : 0;
}

const longest = (pod: Pod, ms: (c: Container) => number): number =>
  pod.spec.containers.reduce((most, c) => Math.max(most, ms(c)), 0);

/** From being bound to running: the node's own delay, or a postStart hook that sleeps longer. */
export const startupMs = (pod: Pod, nodeDelayMs: number): number =>
  Math.max(
    nodeDelayMs,
    longest(pod, (c) => sleepMs(c.lifecycle?.postStart)),
  );

/** From being bound to ready, Infinity for never. */
export function readinessMs(pod: Pod, nodeDelayMs: number): number {
  if (annotated(pod, behaviour.readyAfter) === 'never') return Infinity;
  const asked = annotatedMs(pod, behaviour.readyAfter);
  return (
    asked ??
    Math.max(
      startupMs(pod, nodeDelayMs),
      longest(pod, (c) => (c.readinessProbe?.initialDelaySeconds ?? 0) * 1000),
    )
  );
}

/** How long a pod that is deleted goes on running: a preStop hook that sleeps, within the grace period. */
export function shutdownMs(pod: Pod): number {
  const asked = Math.max(
    annotatedMs(pod, behaviour.stopAfter) ?? 0,
    longest(pod, (c) => sleepMs(c.lifecycle?.preStop)),
  );
  return Math.min(asked, (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000);
}

function cores(quantity: string | number): number {
  const text = String(quantity);
  return text.endsWith('m')
    ? Number(text.slice(0, -1)) / 1000
    : text.endsWith('k')
      ? Number(text.slice(0, -1)) * 1000
      : Number(text);
}

/** Why no node takes the pod, in the scheduler's words; undefined if the one node does. It has 1,000 cores. */
export function unschedulable(pod: Pod, nodeLabels: Readonly<Record<string, string>>): string | undefined {
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (wanted.some(([label, value]) => nodeLabels[label] !== value))
    return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
  if (pod.spec.containers.some((c) => cores(c.resources?.requests?.cpu ?? 0) > 1000))
    return '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.';
  return undefined;
}
