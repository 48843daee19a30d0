// Who wrote what: the audit log of a real API server, reduced to what tests count.

export interface WriteRecord {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly userAgent: string;
  readonly user: string;
  /** Of the answer. */
  readonly code: number;
  readonly dryRun: boolean;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface WriteCount {
  readonly user: string;
  readonly userAgent: string;
  readonly verb: string;
  /** `rollouts.argoproj.io`, with `/status` and the like. */
  readonly resource: string;
  readonly count: number;
}

export interface Audit {
  record(write: WriteRecord): void;
  /** The last writes, oldest first. Reviews and other things that are asked and not stored are not among them. */
  writes(): readonly WriteRecord[];
  /** All writes since the start or the last clear. */
  counts(): readonly WriteCount[];
  clear(): void;
}

const KEPT = 20_000;

export function createAudit(): Audit {
  let records: WriteRecord[] = [];
  const counts = new Map<string, { -readonly [K in keyof WriteCount]: WriteCount[K] }>();
  return {
    record(write) {
      records.push(write);
      if (records.length > 2 * KEPT) records = records.slice(-KEPT);
      const resource =
        (write.group ? `${write.resource}.${write.group}` : write.resource) +
        (write.subresource ? `/${write.subresource}` : '');
      const key = JSON.stringify([write.user, write.userAgent, write.verb, resource]);
      const count = counts.get(key);
      if (count) count.count++;
      else counts.set(key, { user: write.user, userAgent: write.userAgent, verb: write.verb, resource, count: 1 });
    },
    writes: () => records.slice(-KEPT),
    counts: () => [...counts.values()],
    clear() {
      records = [];
      counts.clear();
    },
  };
}
