import { PluginError } from '@sluice/plugin-sdk';
import type { JsonObject } from '@sluice/plugin-sdk';

/**
 * Reads fields of the user's section of the manifest. Each throws PluginError `Invalid` with the path of a field that has another type; fields that are
 * null count as absent, as the API server takes them.
 */
export interface Settings {
  /** Where this object stands inside the section: `` or `virtualServices[0]`. */
  readonly path: string;
  text(name: string): string | undefined;
  requiredText(name: string): string;
  whole(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  texts(name: string): readonly string[];
  textMap(name: string): Readonly<Record<string, string>>;
  object(name: string): Settings | undefined;
  objects(name: string): readonly Settings[];
  /** The object as it is. */
  readonly raw: JsonObject;
}

export function settingsOf(raw: JsonObject, path = ''): Settings {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const field = <T>(name: string, type: string, is: (value: unknown) => value is T): T | undefined => {
    const value: unknown = raw[name];
    if (value === undefined || value === null) return undefined;
    if (!is(value)) throw invalid(at(name), `${at(name)} must be ${type}`);
    return value;
  };
  const text = (name: string): string | undefined => field(name, 'text', isText);
  return {
    path,
    raw,
    text,
    requiredText(name) {
      const value = text(name);
      if (value === undefined || value === '') throw invalid(at(name), `${at(name)} is required`);
      return value;
    },
    whole: (name) => field(name, 'a whole number', isWhole),
    flag: (name) => field(name, 'true or false', isFlag),
    texts: (name) => field(name, 'a list of texts', isTexts) ?? [],
    textMap: (name) => field(name, 'a map of texts', isTextMap) ?? {},
    object(name) {
      const value = field(name, 'an object', isObject);
      return value === undefined ? undefined : settingsOf(value, at(name));
    },
    objects: (name) =>
      (field(name, 'a list of objects', isObjects) ?? []).map((item, index) =>
        settingsOf(item, `${at(name)}[${index}]`),
      ),
  };
}

export function invalid(path: string, message: string): PluginError {
  return new PluginError('Invalid', message, { path });
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isWhole = (value: unknown): value is number => Number.isInteger(value);
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isObjects = (value: unknown): value is JsonObject[] => Array.isArray(value) && value.every(isObject);
const isTextMap = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.values(value).every(isText);
