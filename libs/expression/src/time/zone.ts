import { civilOf, epochSeconds } from './civil.ts';

/** A time zone: a fixed offset, or one whose offset the time zone database knows. */
export class Zone {
  readonly name: string;
  readonly #offsetAt: (epochSeconds: number) => number;
  readonly #abbreviationAt: (epochSeconds: number) => string;

  constructor(
    name: string,
    offsetAt: (epochSeconds: number) => number,
    abbreviationAt: (epochSeconds: number) => string = () => name,
  ) {
    this.name = name;
    this.#offsetAt = offsetAt;
    this.#abbreviationAt = abbreviationAt;
  }

  /** Seconds east of Greenwich at an instant. */
  offsetAt(seconds: number): number {
    return this.#offsetAt(seconds);
  }

  /** What the zone calls its time at an instant: `UTC`, `EST`, `GMT+1`. */
  abbreviationAt(seconds: number): string {
    return this.#abbreviationAt(seconds);
  }

  /** The instant at which clocks of the zone show a local time; around a change of offset, as Go chooses. */
  instantOf(localSeconds: number): number {
    const guess = localSeconds - this.offsetAt(localSeconds);
    const offset = this.offsetAt(guess);
    const second = localSeconds - offset;
    return this.offsetAt(second) === offset ? second : guess;
  }
}

export const utc = new Zone('UTC', () => 0);

export const fixedZone = (name: string, offsetSeconds: number): Zone => new Zone(name, () => offsetSeconds);

// Zones that were asked for. As many as the database has at most: unknown names are not kept.
const known = new Map<string, Zone>();

const databaseZone = (name: string): Zone => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const short = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'short' });
  const abbreviationAt = (seconds: number): string =>
    short.formatToParts(seconds * 1000).find(({ type }) => type === 'timeZoneName')?.value ?? name;
  const offsetAt = (seconds: number): number => {
    const whole = Math.floor(seconds);
    const parts = new Map(format.formatToParts(whole * 1000).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year');
    return epochSeconds(year, part('month'), part('day'), part('hour'), part('minute'), part('second')) - whole;
  };
  return new Zone(name, offsetAt, abbreviationAt);
};

const zoneName = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/;

/** The zone of a name like `Europe/Zurich` or `UTC`; undefined when the database has none of that name. */
export const zoneOf = (name: string): Zone | undefined => {
  if (name === '' || name === 'UTC') return utc;
  const there = known.get(name.toLowerCase());
  if (there !== undefined) return there;
  if (name.length > 64 || !zoneName.test(name)) return undefined;
  try {
    const zone = databaseZone(name);
    known.set(name.toLowerCase(), zone);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** What clocks of the zone show at an instant. */
export const localTime = (seconds: number, zone: Zone): ReturnType<typeof civilOf> =>
  civilOf(seconds + zone.offsetAt(seconds));
