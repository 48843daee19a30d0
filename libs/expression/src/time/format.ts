import { months, weekdays } from './civil.ts';
import type { Instant } from './instant.ts';
import { piecesOf } from './layout.ts';
import { localTime } from './zone.ts';

const padded = (value: number, width: number, filler = '0'): string => String(value).padStart(width, filler);

const offsetText = (offset: number, element: string): string => {
  if (element.startsWith('Z') && offset === 0) return 'Z';
  const size = Math.abs(offset);
  const colon = element.includes(':') ? ':' : '';
  const digits = element.replaceAll(/\D/g, '').length;
  const parts = [Math.floor(size / 3600), Math.floor((size % 3600) / 60), Math.floor(size % 60)];
  return (
    (offset < 0 ? '-' : '+') +
    parts
      .slice(0, digits / 2)
      .map((part) => padded(part, 2))
      .join(colon)
  );
};

const fractionText = (nanosecond: bigint, element: string): string => {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .slice(0, element.length - 1)
    .padEnd(element.length - 1, '0');
  if (element.charAt(1) === '0') return element.charAt(0) + digits;
  const significant = digits.replace(/0+$/, '');
  return significant === '' ? '' : element.charAt(0) + significant;
};

/** An instant as a layout writes it, in its own zone. */
export const formatInstant = (instant: Instant, layout: string): string => {
  const { seconds, zone } = instant;
  const local = localTime(seconds, zone);
  const { year, month, day, hour, minute, second, weekday, yearDay } = local;
  const monthName = months[month - 1] ?? '';
  const weekdayName = weekdays[weekday] ?? '';
  const simple: Readonly<Record<string, () => string>> = {
    January: () => monthName,
    Jan: () => monthName.slice(0, 3),
    Monday: () => weekdayName,
    Mon: () => weekdayName.slice(0, 3),
    '2006': () => (year < 0 ? `-${padded(-year, 4)}` : padded(year, 4)),
    '06': () => padded(((year % 100) + 100) % 100, 2),
    '01': () => padded(month, 2),
    '1': () => String(month),
    '02': () => padded(day, 2),
    _2: () => padded(day, 2, ' '),
    '2': () => String(day),
    '002': () => padded(yearDay, 3),
    __2: () => padded(yearDay, 3, ' '),
    '15': () => padded(hour, 2),
    '03': () => padded(hour % 12 || 12, 2),
    '3': () => String(hour % 12 || 12),
    '04': () => padded(minute, 2),
    '4': () => String(minute),
    '05': () => padded(second, 2),
    '5': () => String(second),
    PM: () => (hour >= 12 ? 'PM' : 'AM'),
    pm: () => (hour >= 12 ? 'pm' : 'am'),
    MST: () => zone.abbreviationAt(seconds),
  };
  const write = (element: string): string =>
    simple[element]?.() ??
    (/^[.,]/.test(element) ? fractionText(instant.nanosecond, element) : offsetText(zone.offsetAt(seconds), element));
  return piecesOf(layout)
    .map(({ literal, text }) => (literal ? text : write(text)))
    .join('');
};

export const rfc3339Nano = '2006-01-02T15:04:05.999999999Z07:00';

/** As Go prints a time: `2023-08-14 00:00:00 +0000 UTC`. */
export const instantText = (instant: Instant): string =>
  formatInstant(instant, '2006-01-02 15:04:05.999999999 -0700 MST');
