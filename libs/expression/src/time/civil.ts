// Calendar arithmetic without a clock: days and times of day of the proleptic Gregorian calendar, as numbers.

export interface Civil {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** From 1. */
  readonly yearDay: number;
}

export const months: readonly string[] = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
export const weekdays: readonly string[] = [
  ...['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
];

/** Seconds since 1970 of a date and time; months and days beyond their range roll over. NaN outside of ±270,000 years. */
export const epochSeconds = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number => {
  // Through setUTCFullYear: Date.UTC takes the years 0 to 99 for those of the 20th century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
};

export const daysIn = (year: number, month: number): number =>
  (epochSeconds(year, month + 1, 1) - epochSeconds(year, month, 1)) / 86_400;

/** The date and time of a count of seconds since 1970. */
export const civilOf = (seconds: number): Civil => {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
    yearDay: Math.floor((seconds - epochSeconds(year, 1, 1)) / 86_400) + 1,
  };
};
