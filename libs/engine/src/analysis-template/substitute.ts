import { resolved, unresolved } from './result.ts';
import type { Resolved } from './result.ts';

// {{args.NAME}} in metrics. Source: spec-analysis §2.5.

export type ArgumentValues = ReadonlyMap<string, string>;

const argumentPrefix = 'args.';

interface Findings {
  error?: string;
}

function substituteText(text: string, values: ArgumentValues, findings: Findings): string {
  let result = '';
  let rest = text;
  for (let start = rest.indexOf('{{'); start >= 0; start = rest.indexOf('{{')) {
    const end = rest.indexOf('}}', start + 2);
    if (end < 0) {
      findings.error = `Cannot find end tag="}}" in the template=${JSON.stringify(text)} starting from ${JSON.stringify(rest.slice(start + 2))}`;
      return text;
    }
    const tag = rest.slice(start + 2, end);
    const name = tag.trim();
    const value = name.startsWith(argumentPrefix) ? values.get(name.slice(argumentPrefix.length)) : undefined;
    if (value === undefined) findings.error = `failed to resolve {{${tag}}}`;
    result += rest.slice(0, start) + (value ?? '');
    rest = rest.slice(end + 2);
  }
  return result + rest;
}

function substituteValue(value: unknown, values: ArgumentValues, findings: Findings): unknown {
  if (typeof value === 'string') return value.includes('{{') ? substituteText(value, values, findings) : value;
  if (Array.isArray(value)) return value.map((item) => substituteValue(item, values, findings));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.includes('{{') ? substituteText(key, values, findings) : key,
      substituteValue(member, values, findings),
    ]),
  );
}

/**
 * Puts arguments into every text of a value, keys included. What is put in is text and is not looked at again. Of several unknown tags the
 * last one is named.
 */
export function substituteArguments<T>(value: T, values: ArgumentValues): Resolved<T> {
  const findings: Findings = {};
  const result = substituteValue(value, values, findings) as T;
  return findings.error === undefined ? resolved(result) : unresolved('UnknownTag', findings.error);
}
