// Faults that tests switch on: what can go wrong between a client and its API server, on purpose.

/** What happens to a watch. `drop`: it breaks after the next event (or at once, see `dropWatches`); `silent`: open, but nothing arrives; `slow`: events come `delayMs` late; `expire`: 410 instead of events. */
export type WatchFaultKind = 'drop' | 'silent' | 'slow' | 'expire';

export interface FaultAnswer {
  readonly code: number;
  /** The reason that goes with the code if absent, for instance `Conflict` for 409. */
  readonly reason?: string;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
}

export interface Fault {
  /** HTTP method, `WATCH` for watches; every request (and no watch) if absent. */
  readonly method?: string;
  /** Tested against path and query; a string is a regular expression. */
  readonly path?: string | RegExp;
  /** Tested against the User-Agent. */
  readonly userAgent?: string | RegExp;
  /** How many requests it hits before it is spent; without limit if absent. */
  readonly times?: number;
  /** Hits only this share of what matches, from 0 to 1. */
  readonly probability?: number;
  /** Answered instead of the real answer. */
  readonly answer?: FaultAnswer;
  /** The request is carried out all the same, and only its answer is lost. */
  readonly perform?: boolean;
  /** The connection breaks instead of an answer. */
  readonly reset?: boolean;
  /** No answer ever comes. */
  readonly hang?: boolean;
  /** The call takes this much longer; for `watch: 'slow'`, each event. */
  readonly delayMs?: number;
  readonly watch?: WatchFaultKind;
}

export type WatchFault = Fault & { readonly watch: WatchFaultKind };

export interface ActiveFault {
  readonly id: string;
  readonly fault: Fault;
  /** How many requests it has hit. */
  hits: number;
}

export interface RequestFacts {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly userAgent: string;
}

export interface Faults {
  /** Returns an id for `remove`. */
  add(fault: Fault): string;
  remove(id: string): void;
  clear(): void;
  list(): readonly ActiveFault[];
  /** Every call takes this much longer. */
  latencyMs: number;
  /** The fault that hits this request, which it counts. */
  hit(facts: RequestFacts): Fault | undefined;
  /** The fault that holds for a watch now; not counted. */
  watchFault(facts: RequestFacts): WatchFault | undefined;
  /** Breaks the watches that are open now and whose URL matches. Returns how many. */
  dropWatches(path?: string | RegExp): number;
  /** Sends 410 to the watches that are open now and whose URL matches. Returns how many. */
  expireWatches(path?: string | RegExp): number;
  /** Forgets the history: watches and pages from any earlier version get 410. */
  compact(): void;
}

const reasons: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

export const reasonOf = (code: number): string => reasons[code] ?? 'Unknown';

const expression = (pattern: string | RegExp | undefined): RegExp | undefined =>
  typeof pattern === 'string' ? new RegExp(pattern) : pattern;

export function createFaults(
  hooks: Pick<Faults, 'dropWatches' | 'expireWatches' | 'compact'>,
  random: () => number = Math.random,
): Faults {
  const active = new Map<string, ActiveFault & { path: RegExp | undefined; userAgent: RegExp | undefined }>();
  let last = 0;
  const matches = (
    f: ActiveFault & { path: RegExp | undefined; userAgent: RegExp | undefined },
    facts: RequestFacts,
  ): boolean => {
    const { method, times, probability } = f.fault;
    if (method ? method.toUpperCase() !== facts.method : (facts.method === 'WATCH') !== (f.fault.watch !== undefined))
      return false;
    if (times !== undefined && f.hits >= times) return false;
    if (f.path && !f.path.test(facts.url)) return false;
    if (f.userAgent && !f.userAgent.test(facts.userAgent)) return false;
    return probability === undefined || random() < probability;
  };
  return {
    ...hooks,
    latencyMs: 0,
    add(fault) {
      const id = `fault-${++last}`;
      active.set(id, { id, fault, hits: 0, path: expression(fault.path), userAgent: expression(fault.userAgent) });
      return id;
    },
    remove: (id) => void active.delete(id),
    clear: () => active.clear(),
    list: () => [...active.values()].map(({ id, fault, hits }) => ({ id, fault, hits })),
    hit(facts) {
      for (const f of active.values()) {
        if (!matches(f, facts)) continue;
        f.hits++;
        return f.fault;
      }
      return undefined;
    },
    watchFault(facts) {
      for (const f of active.values())
        if (f.fault.watch && matches({ ...f, fault: { ...f.fault, times: Infinity } }, facts))
          return f.fault as WatchFault;
      return undefined;
    },
  };
}
