import type { VariableType } from './api.ts';
import { goTypeNames, kindOf, type Kind } from './value.ts';

/** What is known of a value before the expression runs. */
export type StaticType =
  | { readonly kind: 'any' }
  | { readonly kind: Exclude<Kind, 'list'> }
  | { readonly kind: 'list'; readonly of: StaticType };

export const anyType: StaticType = { kind: 'any' };

/** The type of that kind, of lists one with elements of any type. */
export const typeOfKind = (kind: Kind | 'any'): StaticType => (kind === 'list' ? { kind, of: anyType } : { kind });

export const listOf = (of: StaticType): StaticType => ({ kind: 'list', of });

/** Go's name of a type, for messages. */
export const typeName = (type: StaticType): string => {
  if (type.kind === 'any') return 'unknown';
  return type.kind === 'list' && type.of.kind !== 'any' ? `[]${typeName(type.of)}` : goTypeNames[type.kind];
};

export const typeOfVariable = (type: VariableType): StaticType =>
  type === 'list of floats' ? listOf({ kind: 'float' }) : typeOfKind(type);

/** The type that JSON gives away: lists of JSON may hold anything. */
export const variableTypeOf = (value: unknown): VariableType => {
  const kind = kindOf(value);
  return kind === 'timezone' || kind === 'month' || kind === 'weekday' ? 'any' : kind;
};

/** One of two values: their common type, if they have one. */
export const either = (a: StaticType, b: StaticType): StaticType => {
  if (a.kind !== b.kind) return anyType;
  return a.kind === 'list' && b.kind === 'list' ? listOf(either(a.of, b.of)) : a;
};

export const isNumber = (kind: StaticType['kind']): boolean =>
  kind === 'int' || kind === 'float' || kind === 'month' || kind === 'weekday';
