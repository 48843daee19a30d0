import { PluginError } from '@sluice/plugin-sdk';

/** Deeper than any answer that means something, and far from the end of the stack. */
const deepest = 1_000;

/**
 * JSON as people know it from `measurement.value`: keys in order, and `<`, `>`, `&` and two line separators as escapes, so that the same answer is the same text
 * whoever measured it. Throws PluginError `Invalid` for what is nested more than 1,000 deep.
 */
export function goJson(value: unknown, depth = 0): string {
  if (depth > deepest) throw new PluginError('Invalid', `the answer is nested more than ${deepest} deep`);
  if (Array.isArray(value)) return `[${value.map((each) => goJson(each, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : escaped(value);
  const members = Object.entries(value)
    .sort(([one], [other]) => byCharacters(one, other))
    .map(([key, member]) => `${escaped(key)}:${goJson(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}

function escaped(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function byCharacters(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
