import { textHash } from './hash.ts';

// Names of objects that the controller makes are composed of names that users choose. They are made to fit the rules of
// the API server: lower-cased, truncated, and told apart by a digest. A name that is valid is never changed.

/** Longest name of most objects (a DNS subdomain). */
export const longestObjectName = 253;
/** Longest name of a Service (a DNS label). */
export const longestServiceName = 63;

/** A name that is taken already gets `-1`, `.2` and so on behind it. */
const roomForCount = 4;

const objectName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const serviceName = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

const cut = (text: string, length: number): string => text.slice(0, Math.max(0, length)).replace(/[-.]+$/, '');

/** `suffix`, which is valid itself, always stays: it tells which step, version or attempt the object belongs to. */
export function fittingObjectName(wanted: string, suffix = ''): string {
  const whole = wanted + suffix;
  if (whole.length <= longestObjectName && objectName.test(whole)) return whole;
  const parts = wanted
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .split('.');
  const clean = parts
    .map((part) => part.replaceAll(/^-+|-+$/g, ''))
    .filter((part) => part !== '')
    .join('.');
  const end = `${textHash(wanted)}${suffix}`;
  const head = cut(clean, longestObjectName - roomForCount - end.length - 1);
  return head === '' ? end : `${head}-${end}`;
}

export function fittingServiceName(wanted: string): string {
  if (wanted.length <= longestServiceName && serviceName.test(wanted)) return wanted;
  const clean = wanted
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '');
  const end = textHash(wanted);
  return `${cut(clean === '' ? 'service' : clean, longestServiceName - end.length - 1)}-${end}`;
}
