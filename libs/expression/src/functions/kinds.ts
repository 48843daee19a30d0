import { goTypeOf, kindOf, type Kind, type Value } from '../value.ts';
import { define, type LanguageFunction } from './function.ts';

/** What `type` calls the kinds that it does not call by Go's name. */
const names: Readonly<Partial<Record<Kind, string>>> = { nil: 'nil', float: 'float', list: 'array', map: 'map' };

export const typeFunctions: Readonly<Record<string, LanguageFunction>> = {
  type: define(['any'], 'string', (_site, value: Value) => names[kindOf(value)] ?? goTypeOf(value)),
};
