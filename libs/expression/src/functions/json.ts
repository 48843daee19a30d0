import type { Budget } from '../budget.ts';
import { limitFault, runFault } from '../fault.ts';
import { compareText } from '../text.ts';
import { formatInstant, rfc3339Nano } from '../time/format.ts';
import { Instant, Span } from '../time/instant.ts';
import { Zone } from '../time/zone.ts';
import {
  AnyKeyMap,
  asValue,
  goTypeOf,
  isList,
  keysOf,
  NamedNumber,
  valueAt,
  type JsonObject,
  type Value,
} from '../value.ts';
import { define, fail, type LanguageFunction, type Parameter } from './function.ts';

const string: Parameter = ['string'];

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

const stringText = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character);

const floatJson = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Writes JSON as Go's encoder does: keys sorted, two spaces of indentation, `<`, `>` and `&` escaped. */
class JsonWriter {
  readonly #budget: Budget;
  readonly #at: number;
  readonly #pieces: string[] = [];

  constructor(budget: Budget, at: number) {
    this.#budget = budget;
    this.#at = at;
  }

  text(value: Value): string {
    this.#write(value, 0);
    return this.#pieces.join('');
  }

  #put(piece: string): void {
    this.#budget.write(piece.length, this.#at);
    this.#pieces.push(piece);
  }

  #write(value: Value, depth: number): void {
    if (depth > this.#budget.depth)
      throw limitFault(`the value nests deeper than ${this.#budget.depth} levels`, this.#at);
    const scalar = this.#scalar(value);
    if (scalar !== undefined) this.#put(scalar);
    else if (isList(value)) this.#writeAll('[', ']', value, (item) => this.#write(asValue(item), depth + 1), depth);
    else this.#writeMap(value as JsonObject, depth);
  }

  #writeMap(map: JsonObject, depth: number): void {
    if (map instanceof AnyKeyMap) throw runFault(`json: unsupported type: ${goTypeOf(map)}`, this.#at);
    const keys = keysOf(map) as string[];
    this.#budget.work(keys.length, this.#at);
    const member = (key: string): void => {
      this.#put(`${stringText(key)}: `);
      this.#write(valueAt(map, key), depth + 1);
    };
    this.#writeAll('{', '}', keys.sort(compareText), member, depth);
  }

  #writeAll<T>(open: string, close: string, items: readonly T[], write: (item: T) => void, depth: number): void {
    this.#put(open);
    items.forEach((item, i) => {
      this.#put(`${i === 0 ? '' : ','}\n${'  '.repeat(depth + 1)}`);
      write(item);
    });
    this.#put(items.length === 0 ? close : `\n${'  '.repeat(depth)}${close}`);
  }

  #scalar(value: Value): string | undefined {
    if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
    if (typeof value === 'string') return stringText(value);
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) throw runFault(`json: unsupported value: ${value}`, this.#at);
      return floatJson(value);
    }
    if (value instanceof Instant) return `"${formatInstant(value, rfc3339Nano)}"`;
    if (value instanceof Span) return String(value.ns);
    if (value instanceof NamedNumber) return String(value.number);
    return value instanceof Zone ? '{}' : undefined;
  }
}

const toBase64 = (text: string): string => {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
};

const fromBase64 = (text: string): string | undefined => {
  const packed = text.replaceAll(/[\r\n]/g, '');
  if (packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) return undefined;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
};

export const jsonFunctions: Readonly<Record<string, LanguageFunction>> = {
  toJSON: define(['any'], 'string', (site, value: Value) => new JsonWriter(site.budget, site.at).text(value)),
  fromJSON: define([string], 'any', (site, text: string) => {
    // What is parsed may be as many elements as there are characters.
    site.budget.make(1 + text.length, site.at);
    try {
      return asValue(JSON.parse(text));
    } catch (error) {
      throw fail(site, `invalid JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  }),
  toBase64: define([string], 'string', (site, text: string) => {
    site.budget.write(text.length * 8, site.at);
    return toBase64(text);
  }),
  fromBase64: define([string], 'string', (site, text: string) => {
    site.budget.write(text.length * 8, site.at);
    const plain = fromBase64(text);
    if (plain === undefined) throw fail(site, 'illegal base64 data');
    return plain;
  }),
};
