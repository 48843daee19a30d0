import type { EventIntent } from '@sluice/engine';
import { eventReasons } from '@sluice/model';

/** What one decision had to tell. */
interface Told {
  /** What the version is called and made of: all else follows from it. */
  readonly origins: EventIntent[];
  /** What changed in the status: true once that is stored. */
  readonly decided: readonly EventIntent[];
  /** What was done because of it. */
  readonly effects: EventIntent[];
}

/**
 * The Events of one Rollout, in causal order: the version, then what was decided, then what was done about it. Actions are carried out before the status is stored, so
 * what they have to tell waits until then. Where a status could not be stored, it waits for the next attempt, which decides the same again.
 */
export interface TurnEvents {
  /** A turn begins. What is left of one that ended in an error waits for this one. */
  begin(): void;
  /** The events of a decision that begins to be carried out; they are recorded when its status is stored. */
  decided(events: readonly EventIntent[]): void;
  /** Something has happened because of the last decision. */
  happened(event: EventIntent): void;
  /** The status of all decisions since the last time is stored, or has nothing to tell: records everything. */
  stored(): void;
  /** The attempt is over and its status could not be stored. */
  failed(): void;
}

/** What happened is recorded after so many failed attempts in a row, without what could not be stored. */
const maxAttempts = 3;

const originOrder: readonly string[] = [eventReasons.rolloutUpdated, eventReasons.newReplicaSetCreated];

export function createTurnEvents(record: (event: EventIntent) => void): TurnEvents {
  let earlier: Told[] = [];
  let current: Told[] = [];
  let attempts = 0;

  function tell(stored: readonly EventIntent[]): void {
    const all = [...earlier, ...current];
    const origins = all.flatMap((told) => told.origins);
    const waiting = [...stored];
    const events = originOrder.flatMap((reason) => origins.filter((event) => event.reason === reason));
    for (const { decided, effects } of all) {
      const confirmed = decided.filter((event) => take(waiting, event));
      const [completed, rest] = split(confirmed, ({ reason }) => reason === eventReasons.rolloutCompleted);
      // An update is complete because pods were started and Services switched; then the old pods go.
      const [after, before] = completed.length > 0 ? split(effects, isScaleDown) : [effects, []];
      events.push(...rest, ...before, ...completed, ...after);
    }
    earlier = [];
    current = [];
    attempts = 0;
    events.forEach(record);
  }

  function failed(): void {
    attempts += 1;
    earlier.push(...current);
    current = [];
    if (attempts >= maxAttempts) tell([]);
  }

  return {
    begin() {
      if (current.length > 0) failed();
    },
    decided: (events) => void current.push({ origins: [], decided: events, effects: [] }),
    happened(event) {
      const told = current.at(-1);
      if (told === undefined) return record(event);
      (originOrder.includes(event.reason) ? told.origins : told.effects).push(event);
    },
    stored: () => tell(current.flatMap(({ decided }) => decided)),
    failed,
  };
}

const isScaleDown = ({ reason, message }: EventIntent): boolean =>
  reason === eventReasons.scalingReplicaSet && message.startsWith('Scaled down');

/** Those that match, and the others. */
const split = (
  events: readonly EventIntent[],
  matches: (event: EventIntent) => boolean,
): readonly [EventIntent[], EventIntent[]] => [events.filter(matches), events.filter((event) => !matches(event))];

/** Whether it was among them; it no longer is then. */
function take(events: EventIntent[], { reason, message }: EventIntent): boolean {
  const index = events.findIndex((event) => event.reason === reason && event.message === message);
  if (index >= 0) events.splice(index, 1);
  return index >= 0;
}
