import { daysIn, epochSeconds, months, weekdays } from './civil.ts';
import { Instant, second as secondNs, withinCalendar } from './instant.ts';
import { piecesOf } from './layout.ts';
import { fixedZone, utc, type Zone } from './zone.ts';

interface Fields {
  year: number;
  month: number;
  day: number;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: bigint;
  afternoon: boolean | undefined;
  offset: number | undefined;
  zoneName: string | undefined;
}

/** Reads one element from the front of the text; gives what it took, or undefined when it does not stand there. */
type Reader = (text: string, fields: Fields) => string | undefined;

const numeral =
  (pattern: RegExp, store: (fields: Fields, value: number) => void): Reader =>
  (text, fields) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    store(fields, Number(match[0].trim()));
    return match[0];
  };

const word =
  (words: readonly string[], store: (fields: Fields, index: number) => void): Reader =>
  (text, fields) => {
    const index = words.findIndex((candidate) => text.toLowerCase().startsWith(candidate.toLowerCase()));
    if (index < 0) return undefined;
    store(fields, index);
    return text.slice(0, words[index]?.length);
  };

const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3));

const meridiem =
  (names: readonly [string, string]): Reader =>
  (text, fields) => {
    const taken = text.slice(0, 2);
    if (!names.includes(taken)) return undefined;
    fields.afternoon = taken === names[1];
    return taken;
  };

const nanoseconds = (digits: string): bigint => BigInt(digits.slice(0, 9).padEnd(9, '0'));

const fraction: Reader = (text, fields) => {
  const match = /^[.,](\d+)/.exec(text);
  if (match === null) return undefined;
  fields.nanosecond = nanoseconds(match[1] ?? '');
  return match[0];
};

/** Seconds may have a fraction even if the layout says none. */
const seconds =
  (pattern: RegExp): Reader =>
  (text, fields) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    fields.second = Number(match[0]);
    const rest = fraction(text.slice(match[0].length), fields);
    return match[0] + (rest ?? '');
  };

const zoneName: Reader = (text, fields) => {
  const match = /^(?:UTC|GMT[+-]\d{1,2}|[A-Z]{3,4}|[+-]\d{2,4})/.exec(text);
  if (match === null) return undefined;
  fields.zoneName = match[0];
  return match[0];
};

const offset = (element: string): Reader => {
  const colon = element.includes(':') ? ':' : '';
  const pairs = element.replaceAll(/\D/g, '').length / 2;
  const pattern = new RegExp(`^([+-])${Array.from({ length: pairs }, () => '(\\d{2})').join(colon)}`);
  return (text, fields) => {
    if (element.startsWith('Z') && text.startsWith('Z')) {
      fields.offset = 0;
      return 'Z';
    }
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const [whole, sign, hours = 0, minutes = 0, secondsPart = 0] = match;
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(secondsPart);
    fields.offset = sign === '-' ? -size : size;
    return whole;
  };
};

const readers: Readonly<Record<string, Reader>> = {
  January: word(months, (fields, index) => (fields.month = index + 1)),
  Jan: word(short(months), (fields, index) => (fields.month = index + 1)),
  Monday: word(weekdays, () => undefined),
  Mon: word(short(weekdays), () => undefined),
  '2006': numeral(/^\d{4}/, (fields, value) => (fields.year = value)),
  '06': numeral(/^\d{2}/, (fields, value) => (fields.year = value >= 69 ? 1900 + value : 2000 + value)),
  '01': numeral(/^\d{2}/, (fields, value) => (fields.month = value)),
  '1': numeral(/^\d{1,2}/, (fields, value) => (fields.month = value)),
  '02': numeral(/^\d{2}/, (fields, value) => (fields.day = value)),
  _2: numeral(/^ ?\d{1,2}/, (fields, value) => (fields.day = value)),
  '2': numeral(/^\d{1,2}/, (fields, value) => (fields.day = value)),
  '002': numeral(/^\d{3}/, (fields, value) => (fields.yearDay = value)),
  __2: numeral(/^ {0,2}\d{1,3}/, (fields, value) => (fields.yearDay = value)),
  '15': numeral(/^\d{1,2}/, (fields, value) => (fields.hour = value)),
  '03': numeral(/^\d{2}/, (fields, value) => (fields.hour = value)),
  '3': numeral(/^\d{1,2}/, (fields, value) => (fields.hour = value)),
  '04': numeral(/^\d{2}/, (fields, value) => (fields.minute = value)),
  '4': numeral(/^\d{1,2}/, (fields, value) => (fields.minute = value)),
  '05': seconds(/^\d{2}/),
  '5': seconds(/^\d{1,2}/),
  PM: meridiem(['AM', 'PM']),
  pm: meridiem(['am', 'pm']),
  MST: zoneName,
};

const readerOf = (element: string): Reader => {
  const simple = readers[element];
  if (simple !== undefined) return simple;
  if (!/^[.,]/.test(element)) return offset(element);
  // `.000` wants as many digits; `.999` takes what is there.
  return element.charAt(1) === '9'
    ? (text, fields) => fraction(text, fields) ?? ''
    : (text, fields) => {
        const taken = text.slice(0, element.length);
        return /^[.,]\d+$/.test(taken) && taken.length === element.length ? fraction(taken, fields) : undefined;
      };
};

const outOfRange = ({ year, month, day, yearDay, hour, minute, second }: Fields): string | undefined => {
  if (month < 1 || month > 12) return 'month';
  if (day < 1 || day > daysIn(year, month)) return 'day';
  if (yearDay !== undefined && (yearDay < 1 || yearDay > 366)) return 'day-of-year';
  if (hour > 23) return 'hour';
  if (minute > 59) return 'minute';
  return second > 59 ? 'second' : undefined;
};

const inAfternoon = (fields: Fields): void => {
  if (fields.afternoon === true && fields.hour < 12) fields.hour += 12;
  if (fields.afternoon === false && fields.hour === 12) fields.hour = 0;
};

const zoneOfFields = ({ offset: east, zoneName: named }: Fields, inZone: Zone): Zone => {
  if (east !== undefined) return east === 0 ? utc : fixedZone('', east);
  if (named === undefined) return inZone;
  // Go knows no abbreviation but UTC: others name a zone without an offset.
  const hours = /^GMT([+-]\d{1,2})$/.exec(named)?.[1];
  return named === 'UTC' ? utc : fixedZone(named, hours === undefined ? 0 : Number(hours) * 3600);
};

const shown = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);

/**
 * Reads a time as a Go layout writes it; without an offset in the text it is a time of the given zone.
 * Gives a text about what is wrong instead when it does not fit.
 */
export const parseInstant = (text: string, layout: string, inZone: Zone): Instant | string => {
  const fields: Fields = {
    ...{ year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 0n },
    ...{ yearDay: undefined, afternoon: undefined, offset: undefined, zoneName: undefined },
  };
  let rest = text;
  for (const { literal, text: piece } of piecesOf(layout)) {
    const taken = literal ? (rest.startsWith(piece) ? piece : undefined) : readerOf(piece)(rest, fields);
    if (taken === undefined)
      return `parsing time ${shown(text)} as ${shown(layout)}: cannot parse ${shown(rest)} as ${shown(piece)}`;
    rest = rest.slice(taken.length);
  }
  if (rest !== '') return `parsing time ${shown(text)}: extra text: ${shown(rest)}`;
  inAfternoon(fields);
  const wrong = outOfRange(fields);
  if (wrong !== undefined) return `parsing time ${shown(text)}: ${wrong} out of range`;
  const { year, month, day, yearDay, hour, minute, second } = fields;
  const date: readonly [number, number] = yearDay === undefined ? [month, day] : [1, yearDay];
  const local = epochSeconds(year, ...date, hour, minute, second);
  const zone = zoneOfFields(fields, inZone);
  const ns = BigInt(zone.instantOf(local)) * secondNs + fields.nanosecond;
  return withinCalendar(ns) ? new Instant(ns, zone) : `parsing time ${shown(text)}: out of range`;
};
