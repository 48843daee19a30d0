import { parseDuration } from '../time/duration.ts';
import { Instant, Span, withinCalendar } from '../time/instant.ts';
import { knownLayouts } from '../time/layout.ts';
import { parseInstant } from '../time/parse.ts';
import { utc, Zone, zoneOf } from '../time/zone.ts';
import { quoted } from '../text.ts';
import { define, fail, type CallSite, type LanguageFunction, type Parameter } from './function.ts';

const string: Parameter = ['string'];

const zoneNamed = (site: CallSite, name: string): Zone => {
  const zone = zoneOf(name);
  if (zone === undefined) throw fail(site, `unknown time zone ${quoted(name)}`);
  return zone;
};

const dateOf = (site: CallSite, text: string, layout: string | undefined, zone: Zone): Instant => {
  site.budget.read(text.length + (layout?.length ?? 64) * 16, site.at);
  if (layout !== undefined) {
    const parsed = parseInstant(text, layout, zone);
    if (typeof parsed === 'string') throw fail(site, parsed);
    return parsed;
  }
  for (const known of knownLayouts) {
    const parsed = parseInstant(text, known, zone);
    if (typeof parsed !== 'string') return parsed;
  }
  throw fail(site, `invalid date ${quoted(text)}: give its layout as second argument`);
};

const now = (site: CallSite): Instant => {
  if (site.now === undefined) throw fail(site, 'now() is not known here');
  return new Instant(site.now, utc);
};

export const dateFunctions: Readonly<Record<string, LanguageFunction>> = {
  now: define([], 'time', now),
  duration: define([string], 'duration', (site, text: string) => {
    const ns = parseDuration(text);
    if (typeof ns === 'string') throw fail(site, ns);
    return new Span(ns);
  }),
  date: define(
    [string, string, ['string', 'timezone']],
    'time',
    (site, text: string, layout?: string, zone?: string | Zone) =>
      dateOf(site, text, layout, zone === undefined ? utc : zone instanceof Zone ? zone : zoneNamed(site, zone)),
    { optional: 2 },
  ),
  timezone: define([string], 'timezone', (site, name: string) => zoneNamed(site, name)),
};

/** Nanoseconds since 1970 of milliseconds; undefined outside of what calendars show. */
export const nanosecondsOf = (ms: number): bigint | undefined => {
  if (!Number.isFinite(ms)) return undefined;
  const whole = Math.floor(ms);
  const ns = BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6));
  return withinCalendar(ns) ? ns : undefined;
};
