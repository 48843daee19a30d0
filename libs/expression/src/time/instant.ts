import type { Zone } from './zone.ts';

/** A length of time: Go's time.Duration, nanoseconds in 64 bits. */
export class Span {
  readonly ns: bigint;

  constructor(ns: bigint) {
    this.ns = BigInt.asIntN(64, ns);
  }
}

/** A point in time together with the zone that it is shown in: Go's time.Time. */
export class Instant {
  /** Since 1970. */
  readonly ns: bigint;
  readonly zone: Zone;

  constructor(ns: bigint, zone: Zone) {
    this.ns = ns;
    this.zone = zone;
  }

  /** Whole seconds since 1970. */
  get seconds(): number {
    return Number((this.ns - this.nanosecond) / second);
  }

  /** Of its second: 0 to 999,999,999. */
  get nanosecond(): bigint {
    return ((this.ns % second) + second) % second;
  }
}

export const second = 1_000_000_000n;

/** What calendars can show: ±8.64e15 milliseconds, some 270,000 years. */
const furthest = 8_640_000_000_000_000n * 1_000_000n - 86_400n * second;

/** Whether calendars reach as far as that. */
export const withinCalendar = (ns: bigint): boolean => ns >= -furthest && ns <= furthest;
