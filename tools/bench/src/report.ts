import path from 'node:path';
import type { WriteCounts } from '@sluice/tools-control-plane';
import { root } from '@sluice/tools-start';
import { table } from './table.ts';
import type { ServiceUsage } from './usage.ts';

/** Where the logs of what is started go. */
export const logFolder = (): string => path.join(root, '.cache/logs/bench');

/** Writes by resource and verb, for all and for each of them. */
export function writesTable(
  { total, refused, events, leases, byResource }: WriteCounts,
  size: number,
  each = 'Rollout',
): string {
  const rows = Object.entries(byResource).flatMap(([resource, verbs]) =>
    Object.entries(verbs).map(([verb, count]) => ({ name: `${verb} ${resource}`, count })),
  );
  rows.sort((a, b) => b.count - a.count);
  const line = (name: string, count: number) => [name, count, (count / size).toFixed(2)];
  return table([
    ['writes', 'all', `for each ${each}`],
    ...rows.map(({ name, count }) => line(name, count)),
    line('together', total),
    line('refused (409 and the like)', refused),
    line('Events, apart', events),
    line('Leases, apart', leases),
  ]);
}

export function usageTable(used: readonly ServiceUsage[]): string {
  return table([
    ['service', 'CPU seconds', 'MiB now', 'MiB at most'],
    ...used.map(({ name, cpuSeconds, rssMiB, peakMiB }) => [
      name,
      cpuSeconds.toFixed(1),
      Math.round(rssMiB),
      Math.round(peakMiB),
    ]),
  ]);
}
