import { durationText } from '../time/duration.ts';
import { epochSeconds, months, weekdays, type Civil } from '../time/civil.ts';
import { formatInstant, instantText } from '../time/format.ts';
import { Instant, second, Span, withinCalendar } from '../time/instant.ts';
import { localTime, utc, type Zone } from '../time/zone.ts';
import { NamedNumber, type Kind } from '../value.ts';
import { define, fail, type CallSite, type LanguageFunction, type Parameter } from './function.ts';

// Methods of Go's time package: `now().Year()`, `duration("1h").Seconds()`. The value itself is the first argument.

const time: Parameter = ['time'];
const span: Parameter = ['duration'];
const int: Parameter = ['int'];

const civil = ({ seconds, zone }: Instant): Civil => localTime(seconds, zone);

const part = (of: (local: Civil) => number): LanguageFunction =>
  define([time], 'int', (_site, instant: Instant) => BigInt(of(civil(instant))));

const since1970 = (unit: bigint): LanguageFunction =>
  define([time], 'int', (_site, { ns }: Instant) => (ns - (((ns % unit) + unit) % unit)) / unit);

const order = (holds: (a: bigint, b: bigint) => boolean): LanguageFunction =>
  define([time, time], 'bool', (_site, a: Instant, b: Instant) => holds(a.ns, b.ns));

const checked = (site: CallSite, ns: bigint, zone: Zone): Instant => {
  if (!withinCalendar(ns)) throw fail(site, 'the time is too far away for a calendar');
  return new Instant(ns, zone);
};

const addDate = (site: CallSite, instant: Instant, years: bigint, monthCount: bigint, days: bigint): Instant => {
  const { year, month, day, hour, minute, second: s } = civil(instant);
  const local = epochSeconds(year + Number(years), month + Number(monthCount), day + Number(days), hour, minute, s);
  if (!Number.isFinite(local)) throw fail(site, 'the time is too far away for a calendar');
  return checked(site, BigInt(instant.zone.instantOf(local)) * second + instant.nanosecond, instant.zone);
};

/** The rest that a time or duration leaves, as Go counts times: from the year 1 on. */
const yearOne = 62_135_596_800n * second;

const cut = (ns: bigint, unit: bigint): bigint => (unit <= 0n ? ns : ns - (ns % unit));

const roundedTo = (ns: bigint, unit: bigint): bigint => {
  if (unit <= 0n) return ns;
  const rest = ns % unit;
  const size = rest < 0n ? -rest : rest;
  const low = ns - rest;
  return size * 2n < unit ? low : low + (ns < 0n ? -unit : unit);
};

const instantMethods: Readonly<Record<string, LanguageFunction>> = {
  Year: part(({ year }) => year),
  Month: define([time], 'month', (_site, instant: Instant) => {
    const { month } = civil(instant);
    return new NamedNumber('time.Month', BigInt(month), months[month - 1] ?? '');
  }),
  Weekday: define([time], 'weekday', (_site, instant: Instant) => {
    const { weekday } = civil(instant);
    return new NamedNumber('time.Weekday', BigInt(weekday), weekdays[weekday] ?? '');
  }),
  Day: part(({ day }) => day),
  Hour: part(({ hour }) => hour),
  Minute: part(({ minute }) => minute),
  Second: part((local) => local.second),
  Nanosecond: define([time], 'int', (_site, instant: Instant) => instant.nanosecond),
  YearDay: part(({ yearDay }) => yearDay),
  Unix: since1970(second),
  UnixMilli: since1970(1_000_000n),
  UnixMicro: since1970(1_000n),
  UnixNano: define([time], 'int', (_site, { ns }: Instant) => BigInt.asIntN(64, ns)),
  Format: define([time, ['string']], 'string', (site, instant: Instant, layout: string) => {
    site.budget.write(layout.length * 8 + 64, site.at);
    return formatInstant(instant, layout);
  }),
  String: define([time], 'string', (_site, instant: Instant) => instantText(instant)),
  Add: define([time, span], 'time', (site, { ns, zone }: Instant, by: Span) => checked(site, ns + by.ns, zone)),
  Sub: define([time, time], 'duration', (_site, a: Instant, b: Instant) => new Span(a.ns - b.ns)),
  AddDate: define([time, int, int, int], 'time', addDate),
  Truncate: define([time, span], 'time', (site, { ns, zone }: Instant, unit: Span) =>
    checked(site, cut(ns + yearOne, unit.ns) - yearOne, zone),
  ),
  Round: define([time, span], 'time', (site, { ns, zone }: Instant, unit: Span) =>
    checked(site, roundedTo(ns + yearOne, unit.ns) - yearOne, zone),
  ),
  Before: order((a, b) => a < b),
  After: order((a, b) => a > b),
  Equal: order((a, b) => a === b),
  Compare: define([time, time], 'int', (_site, a: Instant, b: Instant) => (a.ns < b.ns ? -1n : a.ns > b.ns ? 1n : 0n)),
  IsZero: define([time], 'bool', (_site, { ns }: Instant) => ns === -yearOne),
  UTC: define([time], 'time', (_site, { ns }: Instant) => new Instant(ns, utc)),
  In: define([time, ['timezone']], 'time', (_site, { ns }: Instant, zone: Zone) => new Instant(ns, zone)),
};

const inUnits = (unit: number): LanguageFunction => define([span], 'float', (_site, { ns }: Span) => Number(ns) / unit);

const wholeUnits = (unit: bigint): LanguageFunction => define([span], 'int', (_site, { ns }: Span) => ns / unit);

const spanMethods: Readonly<Record<string, LanguageFunction>> = {
  Hours: inUnits(3.6e12),
  Minutes: inUnits(6e10),
  Seconds: inUnits(1e9),
  Milliseconds: wholeUnits(1_000_000n),
  Microseconds: wholeUnits(1_000n),
  Nanoseconds: wholeUnits(1n),
  String: define([span], 'string', (_site, { ns }: Span) => durationText(ns)),
  Abs: define([span], 'duration', (_site, { ns }: Span) => new Span(ns < 0n ? -ns : ns)),
  Truncate: define([span, span], 'duration', (_site, { ns }: Span, unit: Span) => new Span(cut(ns, unit.ns))),
  Round: define([span, span], 'duration', (_site, { ns }: Span, unit: Span) => new Span(roundedTo(ns, unit.ns))),
};

const named = (kind: 'month' | 'weekday'): Readonly<Record<string, LanguageFunction>> => ({
  String: define([[kind]], 'string', (_site, { text }: NamedNumber) => text),
});

const methods: Readonly<Partial<Record<Kind, Readonly<Record<string, LanguageFunction>>>>> = {
  time: instantMethods,
  duration: spanMethods,
  month: named('month'),
  weekday: named('weekday'),
  timezone: { String: define([['timezone']], 'string', (_site, { name }: Zone) => name) },
};

/** The method of that name that values of a kind have. */
export const methodOf = (kind: Kind, name: string): LanguageFunction | undefined => {
  const own = methods[kind];
  return own !== undefined && Object.hasOwn(own, name) ? own[name] : undefined;
};
