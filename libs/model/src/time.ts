// Kubernetes writes times as RFC 3339 in UTC with whole seconds; the engine counts milliseconds.

/** Milliseconds since 1970. Plain numbers may be used; the mark only names the unit. */
export type EpochMs = number & { readonly __unit?: 'EpochMs' };

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** Moment of an RFC 3339 text, or undefined when it is absent or none. */
export const parseTime = (text: string | null | undefined): EpochMs | undefined => {
  if (text === undefined || text === null || !rfc3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
};

/** The last second that RFC 3339 can write: delays that users give may lead beyond it. */
const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59);

/** RFC 3339 with whole seconds, as metav1.Time: fractions are cut off. */
export const formatTime = (at: EpochMs): string => `${new Date(Math.min(at, lastMoment)).toISOString().slice(0, 19)}Z`;

/** RFC 3339 with microseconds, as metav1.MicroTime in Leases. */
export const formatMicroTime = (at: EpochMs): string => `${new Date(at).toISOString().slice(0, 23)}000Z`;
