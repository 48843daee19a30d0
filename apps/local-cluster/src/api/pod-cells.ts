// Ready, status and restarts of a pod in a few words, as kubectl sums them up.
import type { Json } from '../storage/values.ts';
import type { BuiltinColumn } from './columns.ts';
import { age } from './duration-text.ts';

type Obj = Record<string, Json>;

function initStatus(o: Obj): string | undefined {
  const statuses: Obj[] = o.status?.initContainerStatuses ?? [];
  const all: Obj[] = o.spec?.initContainers ?? [];
  for (let i = 0; i < statuses.length; i++) {
    const { terminated, waiting } = (statuses[i] as Obj).state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (terminated)
      return `Init:${terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`)}`;
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
    return `Init:${i}/${all.length}`;
  }
  return undefined;
}

function containerReason(o: Obj, phase: string): string {
  let reason = phase;
  let running = false;
  for (const status of ((o.status?.containerStatuses ?? []) as Obj[]).toReversed()) {
    const { waiting, terminated } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated)
      reason =
        terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`);
    else if (status.ready && status.state?.running) running = true;
  }
  if (reason !== 'Completed' || !running) return reason;
  return isReady(o) ? 'Running' : 'NotReady';
}

const isReady = (o: Obj): boolean =>
  (o.status?.conditions ?? []).some((c: Obj) => c.type === 'Ready' && c.status === 'True');

function podStatus(o: Obj): string {
  const phase: string = o.status?.reason || o.status?.phase || 'Unknown';
  const gated = (o.status?.conditions ?? []).find(
    (c: Obj) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated',
  );
  const reason = initStatus(o) ?? containerReason(o, gated ? 'SchedulingGated' : phase);
  if (!o.metadata.deletionTimestamp) return reason;
  if (o.status?.reason === 'NodeLost') return 'Unknown';
  return phase === 'Failed' || phase === 'Succeeded' ? reason : 'Terminating';
}

function restarts(o: Obj, nowMs: number): string {
  const statuses: Obj[] = o.status?.containerStatuses ?? [];
  const total = statuses.reduce((n, s) => n + (s.restartCount ?? 0), 0);
  const last = statuses
    .map((s) => s.lastState?.terminated?.finishedAt)
    .filter(Boolean)
    .sort()
    .at(-1);
  return total > 0 && last ? `${total} (${age(last, nowMs)} ago)` : String(total);
}

export const podCells: readonly BuiltinColumn[] = [
  {
    name: 'Ready',
    type: 'string',
    wide: false,
    cell: (o) =>
      `${((o.status?.containerStatuses ?? []) as Obj[]).filter((s) => s.ready).length}/${o.spec?.containers?.length ?? 0}`,
  },
  { name: 'Status', type: 'string', wide: false, cell: podStatus },
  { name: 'Restarts', type: 'string', wide: false, cell: restarts },
];
