import { parseTime } from '@sluice/model';

/**
 * Durations as kubectl prints them: two units at most, the second only while it still says something
 * (`34s`, `4m54s`, `17m`, `3h59m`, `24h`, `7d`, `2y10d`). Takes milliseconds; a clock that runs slightly behind gives `0s`, one far behind `<invalid>`.
 */
export function shortDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return twoUnits(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return twoUnits(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return twoUnits(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  if (days < 2920) return twoUnits(years, 'y', days % 365, 'd');
  return `${years}y`;
}

function twoUnits(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first}${firstUnit}` : `${first}${firstUnit}${second}${secondUnit}`;
}

/** The age of something created at an RFC3339 time; `<unknown>` without one, as kubectl says. */
export function age(createdAt: string | undefined, nowMs: number): string {
  const createdMs = parseTime(createdAt);
  return createdMs === undefined ? '<unknown>' : shortDuration(nowMs - createdMs);
}
