import type { Flight } from './flight.ts';

/** Flights that wait for their turn. Namespaces take turns, and within one its targets; each lane is first come, first served. */
export interface Ready {
  add(flight: Flight): void;
  /** Before the others of its lane: it has waited before. */
  addFirst(flight: Flight): void;
  /** Up to `max` flights whose turn it is and that `admit` lets go. `admit` counts them itself. */
  pick(max: number, admit: (flight: Flight) => boolean): readonly Flight[];
  /** The one that has been due for longest. */
  oldestDueAt(): number | undefined;
}

interface Lane {
  /** Those that were dropped while they waited stay until they are met. */
  readonly flights: Flight[];
  head: number;
}

export function createReady(): Ready {
  const namespaces = new Map<string, Map<string, Lane>>();

  function laneOf({ namespace, target }: Flight): Lane {
    let targets = namespaces.get(namespace);
    if (targets === undefined) namespaces.set(namespace, (targets = new Map()));
    let lane = targets.get(target);
    if (lane === undefined) targets.set(target, (lane = { flights: [], head: 0 }));
    return lane;
  }

  /** The flight at the head of the lane, past those that are not waiting any more. */
  function head(lane: Lane): Flight | undefined {
    while (lane.head < lane.flights.length && lane.flights[lane.head]?.state !== 'waiting') lane.head += 1;
    if (lane.head > 64 && lane.head * 2 > lane.flights.length) {
      lane.flights.splice(0, lane.head);
      lane.head = 0;
    }
    return lane.flights[lane.head];
  }

  /** The next of a namespace; its targets take turns. Undefined when it has none that may go now. */
  function nextOf(
    targets: Map<string, Lane>,
    blocked: Set<string>,
    admit: (flight: Flight) => boolean,
  ): Flight | undefined {
    for (const [target, lane] of [...targets]) {
      const flight = head(lane);
      if (flight === undefined) {
        targets.delete(target);
        continue;
      }
      if (blocked.has(target)) continue;
      if (!admit(flight)) {
        blocked.add(target);
        continue;
      }
      lane.head += 1;
      targets.delete(target);
      targets.set(target, lane);
      return flight;
    }
    return undefined;
  }

  function* lanes(): Generator<Lane> {
    for (const targets of namespaces.values()) yield* targets.values();
  }

  return {
    add: (flight) => void laneOf(flight).flights.push(flight),
    addFirst(flight) {
      const lane = laneOf(flight);
      if (lane.head > 0) lane.flights[--lane.head] = flight;
      else lane.flights.unshift(flight);
    },
    pick(max, admit) {
      const picked: Flight[] = [];
      const open = new Map([...namespaces].map(([name, targets]) => [name, { targets, blocked: new Set<string>() }]));
      while (open.size > 0 && picked.length < max) {
        for (const [name, { targets, blocked }] of open) {
          if (picked.length >= max) break;
          const flight = nextOf(targets, blocked, admit);
          if (flight !== undefined) picked.push(flight);
          else open.delete(name);
          // Whoever was served goes to the end, so that the next pick begins with the others.
          namespaces.delete(name);
          if (targets.size > 0) namespaces.set(name, targets);
        }
      }
      return picked;
    },
    oldestDueAt() {
      let oldest: number | undefined;
      for (const lane of lanes()) {
        const first = head(lane)?.dueAt;
        if (first !== undefined && (oldest === undefined || first < oldest)) oldest = first;
      }
      return oldest;
    },
  };
}
