// What a process has used so far, as Linux says.
import fs from 'node:fs';

export interface Usage {
  /** Seconds of CPU, in user and system mode. */
  readonly cpuSeconds: number;
  /** Memory in use now, and at most so far. MiB. */
  readonly rssMiB: number;
  readonly peakMiB: number;
}

const TICKS_PER_SECOND = 100;

export function usageOf(pid: number): Usage {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssMiB: mib('VmRSS'),
    peakMiB: mib('VmHWM'),
  };
}

export interface ServiceUsage extends Usage {
  readonly name: string;
}

/** Starts to measure; the answer says what each service has used since, and its memory now. */
export function watchUsage(services: readonly { readonly name: string; readonly pid: number }[]): () => ServiceUsage[] {
  const before = services.map(({ pid }) => usageOf(pid).cpuSeconds);
  return () =>
    services.map(({ name, pid }, i) => {
      const now = usageOf(pid);
      return { name, ...now, cpuSeconds: now.cpuSeconds - (before[i] ?? 0) };
    });
}
