import { createHash } from 'node:crypto';
import type { KubeLogger } from '@sluice/kube';
import { flightOf } from './flight.ts';
import type { Flight, Wish } from './flight.ts';
import { createReady } from './ready.ts';

export interface DispatchLimits {
  /** Offered or taken at once: in all, of one namespace, for one provider address. */
  readonly inFlight: number;
  readonly perNamespace: number;
  readonly perTarget: number;
  /** Measurements in one hint. */
  readonly perHint: number;
}

export interface Hint {
  /** The same for the same offer of the same measurements. */
  readonly jobId: string;
  readonly measurements: readonly string[];
}

export interface DispatcherOptions {
  readonly limits: DispatchLimits;
  /** Puts hints where workers see them. What it throws means that it is tried again soon. */
  readonly offer: (hints: readonly Hint[]) => Promise<void>;
  /** Taken three times, and nobody has answered: it has to be judged without. */
  readonly onGivenUp: (flight: Flight) => void;
  readonly logger: KubeLogger;
  /** Wishes that come within this time go out together: 8 ms. */
  readonly gatherMs?: number;
  /** A hint that nobody has taken is offered again after this time, then after twice as long, up to 30 s: 2 s. */
  readonly reofferMs?: number;
  /** How long after its deadline an answer may still come: 5 s. */
  readonly graceMs?: number;
}

/** Brings wishes to workers: each is handed to one worker at a time, until somebody has answered it or nobody wants it any more. */
export interface Dispatcher {
  /** One more wish; another of the same id takes its place unless it is the same work. */
  want(wish: Wish): void;
  /** Not wanted any more: whatever is reported about it changes nothing. Says whether a worker may have begun it. */
  drop(id: string): boolean;
  get(id: string): Flight | undefined;
  /** Hands over those of the measurements that are on offer. */
  take(worker: string, ids: readonly string[]): readonly Flight[];
  /** The flight that this ticket stands for, which is over now; undefined when the ticket is not held any more. */
  finish(ticket: number): Flight | undefined;
  workerGone(worker: string): void;
  /** What is on offer has been lost (Redis was emptied, or is another one): offered again at once. */
  offersLost(): void;
  start(): void;
  stop(): void;
  readonly counts: { readonly waiting: number; readonly offered: number; readonly taken: number };
  /** When the one that waits or is on offer for longest was due. */
  oldestDueAt(): number | undefined;
}

const sweepMs = 250;
const maxTakes = 3;
const longestReofferMs = 30_000;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { limits, logger, gatherMs = 8, reofferMs = 2_000, graceMs = 5_000 } = options;
  const ready = createReady();
  const flights = new Map<string, Flight>();
  /** Offered and taken. */
  const out = new Set<Flight>();
  const byTicket = new Map<number, Flight>();
  const inNamespace = new Map<string, number>();
  const atTarget = new Map<string, number>();
  // Tickets of an earlier start must not fit.
  let lastTicket = Math.floor(Math.random() * 2 ** 40);
  let gathering: NodeJS.Timeout | undefined;
  let sweeping: NodeJS.Timeout | undefined;
  let pauseMs = 0;
  let stopped = true;

  function gather(afterMs = gatherMs): void {
    if (stopped || gathering !== undefined) return;
    gathering = setTimeout(() => {
      gathering = undefined;
      void offerReady();
    }, afterMs);
  }

  function admit({ namespace, target }: Flight): boolean {
    if ((inNamespace.get(namespace) ?? 0) >= limits.perNamespace) return false;
    if ((atTarget.get(target) ?? 0) >= limits.perTarget) return false;
    count(inNamespace, namespace, 1);
    count(atTarget, target, 1);
    return true;
  }

  async function offerReady(): Promise<void> {
    const picked = ready.pick(limits.inFlight - out.size, admit);
    if (picked.length === 0) return;
    const now = performance.now();
    for (const flight of picked) {
      Object.assign(flight, { state: 'offered', since: now, offers: flight.offers + 1 });
      out.add(flight);
    }
    try {
      await options.offer(hintsOf(picked, limits.perHint));
      pauseMs = 0;
    } catch (error) {
      if (pauseMs === 0) logger.warn({ error: String(error) }, 'measurements cannot be offered: they wait');
      pauseMs = Math.min(2_000, Math.max(100, pauseMs * 2));
      for (const flight of picked.toReversed()) if (flight.state === 'offered') requeue(flight);
      gather(pauseMs);
    }
  }

  function leaveOut(flight: Flight): void {
    if (!out.delete(flight)) return;
    count(inNamespace, flight.namespace, -1);
    count(atTarget, flight.target, -1);
    byTicket.delete(flight.ticket);
    if (flights.size > out.size) gather();
  }

  function requeue(flight: Flight): void {
    leaveOut(flight);
    Object.assign(flight, { state: 'waiting', ticket: 0, worker: '', since: performance.now() });
    ready.addFirst(flight);
    gather(Math.max(gatherMs, pauseMs));
  }

  function end(flight: Flight): void {
    flight.state = 'over';
    leaveOut(flight);
    if (flights.get(flight.id) === flight) flights.delete(flight.id);
  }

  /** Nobody came for it, or nobody came back with it. */
  function sweep(): void {
    const now = performance.now();
    for (const flight of out) {
      const waited = now - flight.since;
      if (flight.state === 'offered') {
        if (waited > Math.min(longestReofferMs, reofferMs * 2 ** (flight.offers - 1))) requeue(flight);
      } else if (waited > flight.deadlineMs + graceMs) {
        if (flight.takes < maxTakes) {
          logger.warn({ measurement: flight.id, worker: flight.worker }, 'a worker has not answered: offered again');
          requeue(flight);
        } else {
          end(flight);
          options.onGivenUp(flight);
        }
      }
    }
  }

  return {
    want(wish) {
      const before = flights.get(wish.id);
      if (before !== undefined && before.work === wish.work) return;
      if (before !== undefined) end(before);
      const flight = flightOf(wish);
      flights.set(flight.id, flight);
      ready.add(flight);
      gather(Math.max(gatherMs, pauseMs));
    },
    drop(id) {
      const flight = flights.get(id);
      if (flight === undefined) return false;
      end(flight);
      return flight.takes > 0;
    },
    get: (id) => flights.get(id),
    take(worker, ids) {
      const now = performance.now();
      const taken: Flight[] = [];
      for (const id of ids) {
        const flight = flights.get(id);
        if (flight?.state !== 'offered') continue;
        Object.assign(flight, { state: 'taken', ticket: ++lastTicket, worker, since: now, takes: flight.takes + 1 });
        byTicket.set(flight.ticket, flight);
        taken.push(flight);
      }
      return taken;
    },
    finish(ticket) {
      const flight = byTicket.get(ticket);
      if (flight !== undefined) end(flight);
      return flight;
    },
    workerGone(worker) {
      for (const flight of [...out]) if (flight.state === 'taken' && flight.worker === worker) requeue(flight);
    },
    offersLost() {
      for (const flight of [...out]) if (flight.state === 'offered') requeue(flight);
    },
    start() {
      stopped = false;
      sweeping = setInterval(sweep, sweepMs);
      gather(0);
    },
    stop() {
      stopped = true;
      clearTimeout(gathering);
      clearInterval(sweeping);
      gathering = undefined;
    },
    get counts() {
      let taken = 0;
      for (const flight of out) if (flight.state === 'taken') taken += 1;
      return { waiting: flights.size - out.size, offered: out.size - taken, taken };
    },
    oldestDueAt() {
      let oldest = ready.oldestDueAt();
      for (const flight of out)
        if (flight.state === 'offered' && (oldest === undefined || flight.dueAt < oldest)) oldest = flight.dueAt;
      return oldest;
    },
  };
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next <= 0) counts.delete(key);
  else counts.set(key, next);
}

/** A hint for each handful. Its id follows from what it says and from how often each was offered: the same offer made twice is one job. */
function hintsOf(picked: readonly Flight[], perHint: number): readonly Hint[] {
  const hints: Hint[] = [];
  for (let from = 0; from < picked.length; from += perHint) {
    const part = picked.slice(from, from + perHint);
    const hash = createHash('sha256');
    for (const { id, work, offers, dueAt } of part) hash.update(`${id} ${work} ${dueAt} ${offers}\n`);
    hints.push({ jobId: `m${hash.digest('hex').slice(0, 32)}`, measurements: part.map(({ id }) => id) });
  }
  return hints;
}
