import { valueText } from '../text.ts';
import { kindOf, type List, type Value } from '../value.ts';
import { asValue, goTypeOf } from '../value.ts';
import { define, fail, type CallSite, type LanguageFunction, type Parameter } from './function.ts';

const string: Parameter = ['string'];
const int: Parameter = ['int'];

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** The number of characters (code points): what `len` counts, and what offsets into strings count too. */
export const characterCount = (text: string): number => {
  let surrogatePairs = 0;
  for (let i = 0; i < text.length - 1; i += 1) {
    if ((text.charCodeAt(i) & 0xfc00) !== 0xd800 || (text.charCodeAt(i + 1) & 0xfc00) !== 0xdc00) continue;
    surrogatePairs += 1;
    i += 1;
  }
  return text.length - surrogatePairs;
};

/** A part of a string by offsets in characters; both lie within it. */
export const charactersBetween = (text: string, from: number, to: number): string =>
  isAscii(text) ? text.slice(from, to) : Array.from(text).slice(from, to).join('');

const inCase = (text: string, change: (character: string) => string): string => {
  if (isAscii(text)) return change(text);
  // Characters that would become several (ß → SS) stay, as in Go.
  return Array.from(text, (character) => {
    const changed = change(character);
    return characterCount(changed) === 1 ? changed : character;
  }).join('');
};

const trimmed = (text: string, characters: string): string => {
  const unwanted = new Set(characters);
  const all = Array.from(text);
  const first = all.findIndex((character) => !unwanted.has(character));
  const last = all.findLastIndex((character) => !unwanted.has(character));
  return first < 0 ? '' : all.slice(first, last + 1).join('');
};

/** At most `n` parts, the last one with all the rest; negative means all, 0 none. `keep`: each part keeps its separator. */
const parts = (site: CallSite, text: string, separator: string, n: number, keep: boolean): Value => {
  site.budget.write(text.length * 2, site.at);
  if (n === 0) return [];
  const all = separator === '' ? Array.from(text) : text.split(separator);
  site.budget.make(all.length, site.at);
  const most = n < 0 ? all.length : Math.min(n, all.length);
  const cut = [...all.slice(0, most - 1), ...(most > 0 ? [all.slice(most - 1).join(separator)] : [])];
  return keep ? cut.map((part, i) => (i < cut.length - 1 ? part + separator : part)) : cut;
};

const splitting = (keep: boolean): LanguageFunction =>
  define(
    [string, string, int],
    'list',
    (site, text: string, separator: string, n: bigint = -1n) => parts(site, text, separator, Number(n), keep),
    { optional: 1 },
  );

const occurrences = (text: string, sought: string): number => {
  if (sought === '') return characterCount(text) + 1;
  let count = 0;
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) count += 1;
  return count;
};

const replaced = (site: CallSite, text: string, old: string, by: string, most: number): string => {
  site.budget.read(text.length, site.at);
  const count = most < 0 ? occurrences(text, old) : Math.min(most, occurrences(text, old));
  site.budget.write(text.length + count * by.length, site.at);
  if (count === 0) return text;
  if (old !== '') {
    const pieces = text.split(old);
    return (
      pieces.slice(0, count + 1).join(by) +
      pieces
        .slice(count + 1)
        .map((piece) => old + piece)
        .join('')
    );
  }
  const characters = Array.from(text);
  return by + characters.map((character, i) => (i + 1 < count ? character + by : character)).join('');
};

const joined = (site: CallSite, list: List, delimiter: string): Value => {
  const texts = list.map((item) => {
    if (typeof item !== 'string')
      throw fail(site, `cannot join: an element is ${goTypeOf(asValue(item))}, not a string`);
    site.budget.write(item.length + delimiter.length, site.at);
    return item;
  });
  return texts.join(delimiter);
};

const found = (site: CallSite, text: string, index: number): Value => {
  site.budget.read(text.length, site.at);
  return BigInt(index < 0 ? -1 : characterCount(text.slice(0, index)));
};

const test = (holds: (text: string, part: string) => boolean): LanguageFunction =>
  define([string, string], 'bool', (site, text: string, part: string) => {
    site.budget.read(part.length, site.at);
    return holds(text, part);
  });

export const stringFunctions: Readonly<Record<string, LanguageFunction>> = {
  trim: define(
    [string, string],
    'string',
    (site, text: string, characters?: string) => {
      site.budget.write(text.length, site.at);
      return characters === undefined ? text.trim() : trimmed(text, characters);
    },
    { optional: 1 },
  ),
  trimPrefix: define([string, string], 'string', (site, text: string, prefix: string) => {
    site.budget.write(text.length, site.at);
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  }),
  trimSuffix: define([string, string], 'string', (site, text: string, suffix: string) => {
    site.budget.write(text.length, site.at);
    return text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text;
  }),
  upper: define([string], 'string', (site, text: string) => {
    site.budget.write(text.length, site.at);
    return inCase(text, (part) => part.toUpperCase());
  }),
  lower: define([string], 'string', (site, text: string) => {
    site.budget.write(text.length, site.at);
    return inCase(text, (part) => part.toLowerCase());
  }),
  split: splitting(false),
  splitAfter: splitting(true),
  replace: define(
    [string, string, string, int],
    'string',
    (site, text: string, old: string, by: string, most: bigint = -1n) => replaced(site, text, old, by, Number(most)),
    { optional: 1 },
  ),
  repeat: define([string, int], 'string', (site, text: string, count: bigint) => {
    if (count < 0n) throw fail(site, `repeat wants a count of 0 or more, not ${count}`);
    site.budget.write(text.length * Number(count), site.at);
    return text === '' ? '' : text.repeat(Number(count));
  }),
  join: define(
    [['list'], string],
    'string',
    (site, list: List, delimiter = '') => joined(site, list, delimiter as string),
    {
      optional: 1,
    },
  ),
  indexOf: define([string, string], 'int', (site, text: string, part: string) => found(site, text, text.indexOf(part))),
  lastIndexOf: define([string, string], 'int', (site, text: string, part: string) =>
    found(site, text, text.lastIndexOf(part)),
  ),
  hasPrefix: test((text, part) => text.startsWith(part)),
  hasSuffix: test((text, part) => text.endsWith(part)),
  string: define(['any'], 'string', (site, value: Value) =>
    kindOf(value) === 'string' ? value : valueText(value, site.budget, site.at),
  ),
};
