import { compileFault, runFault } from '../fault.ts';
import { characterCount, charactersBetween } from '../functions/strings.ts';
import { positionIn } from '../functions/collections.ts';
import { methodOf } from '../functions/methods.ts';
import type { Site } from '../operators.ts';
import { anyType, typeName, typeOfKind, type StaticType } from '../types.ts';
import { truncated, asValue, fitsAsKey, goTypeOf, isList, isMap, kindOf, valueAt, type Value } from '../value.ts';
import { applied, checkedArguments, checkCount } from './arguments.ts';
import { part, type Frame, type Part } from './part.ts';
import type { Scope } from './scope.ts';
import type { NodeOf, Translator } from './translator.ts';

/** What an access gives when a nil before `?.` ends its chain. Seen only by accesses, and by the chain that makes it nil. */
const skipped = Symbol('skipped') as unknown as Value;

const shownKey = (key: Value): string => (typeof key === 'object' ? goTypeOf(key) : String(key).slice(0, 64));

const memberOf = (target: Value, key: Value, { budget, at }: Site): Value => {
  budget.work(1, at);
  if (isList(target)) {
    if (typeof key !== 'bigint' && typeof key !== 'number')
      throw runFault(`list elements are selected by an integer, not by ${goTypeOf(key)}`, at);
    const position = positionIn(target.length, key);
    if (position === undefined) throw runFault(`index out of range: ${key} (the list has ${target.length})`, at);
    return asValue(target[position]);
  }
  if (isMap(target)) {
    if (!fitsAsKey(target, key)) throw runFault(`cannot use ${goTypeOf(key)} as a key of ${goTypeOf(target)}`, at);
    return valueAt(target, key);
  }
  throw runFault(`cannot fetch ${shownKey(key)} from ${goTypeOf(target)}`, at);
};

/** Mistakes that the types give away; gives the type of what is fetched. */
const memberType = (target: StaticType, key: Part, name: string | undefined, at: number): StaticType => {
  if (target.kind === 'any' || target.kind === 'map' || target.kind === 'nil') return anyType;
  if (target.kind !== 'list') {
    const what =
      name === undefined
        ? `type ${typeName(target)}[${typeName(key.type)}] is undefined`
        : `type ${typeName(target)} has no field ${name}`;
    throw compileFault(methodOf(target.kind, name ?? '') === undefined ? what : `${what}: call it, ${name}()`, at);
  }
  if (name !== undefined) throw compileFault(`type ${typeName(target)} has no field ${name}`, at);
  if (key.type.kind !== 'any' && key.type.kind !== 'int')
    throw compileFault(`list elements are selected by an integer, not by ${typeName(key.type)}`, at);
  return target.of;
};

export const translateMember = (node: NodeOf<'member'>, scope: Scope, translator: Translator): Part => {
  const { optional, at } = node;
  const target = translator.translate(node.target, scope);
  const key = translator.translate(node.key, scope);
  const name = node.key.kind === 'literal' && typeof node.key.value === 'string' ? node.key.value : undefined;
  const type = memberType(target.type, key, name, at);
  return part(type, at, [target, key], (frame) => {
    const value = target.run(frame);
    if (value === skipped || (optional && value === null)) return skipped;
    return memberOf(value, key.run(frame), { budget: frame.budget, at });
  });
};

export const translateChain = ({ of, at }: NodeOf<'chain'>, scope: Scope, translator: Translator): Part => {
  const inner = translator.translate(of, scope);
  return part(anyType, at, [inner], (frame) => {
    const value = inner.run(frame);
    return value === skipped ? null : value;
  });
};

/** A bound of a slice: negative ones count from the end, those beyond the ends stop there. */
const bound = (of: Part | undefined, otherwise: number, length: number, frame: Frame): number => {
  if (of === undefined) return otherwise;
  const value = of.run(frame);
  const whole = typeof value === 'number' ? truncated(value) : value;
  if (typeof whole !== 'bigint') throw runFault(`slices are bounded by integers, not by ${goTypeOf(value)}`, of.at);
  const position = whole < 0n ? length + Number(whole) : Number(whole);
  return Math.min(Math.max(position, 0), length);
};

const checkSlice = (target: StaticType, bounds: readonly (Part | undefined)[], at: number): void => {
  if (!['any', 'list', 'string', 'nil'].includes(target.kind))
    throw compileFault(`cannot slice ${typeName(target)}`, at);
  for (const of of bounds)
    if (of !== undefined && of.type.kind !== 'any' && of.type.kind !== 'int')
      throw compileFault(`slices are bounded by integers, not by ${typeName(of.type)}`, of.at);
};

export const translateSlice = (node: NodeOf<'slice'>, scope: Scope, translator: Translator): Part => {
  const { optional, at } = node;
  const target = translator.translate(node.target, scope);
  const from = node.from === undefined ? undefined : translator.translate(node.from, scope);
  const to = node.to === undefined ? undefined : translator.translate(node.to, scope);
  checkSlice(target.type, [from, to], at);
  const inner = [target, from, to].filter((one) => one !== undefined);
  return part(target.type, at, inner, (frame) => {
    const value = target.run(frame);
    if (value === skipped || (optional && value === null)) return skipped;
    if (typeof value !== 'string' && !isList(value)) throw runFault(`cannot slice ${goTypeOf(value)}`, at);
    if (typeof value === 'string') frame.budget.write(value.length, at);
    const length = typeof value === 'string' ? characterCount(value) : value.length;
    const first = bound(from, 0, length, frame);
    const end = Math.max(first, bound(to, length, length, frame));
    if (typeof value === 'string') return charactersBetween(value, first, end);
    frame.budget.make(end - first, at);
    return value.slice(first, end);
  });
};

/** Methods of times and durations. Of a value whose type is not known before, the method is looked up when it is there. */
export const translateMethod = (node: NodeOf<'method'>, scope: Scope, translator: Translator): Part => {
  const { name, optional, at } = node;
  const target = translator.translate(node.target, scope);
  const args = node.args.map((arg) => translator.translate(arg, scope));
  const { kind } = target.type;
  const known = kind === 'any' || kind === 'nil' ? undefined : methodOf(kind, name);
  if (kind !== 'any' && kind !== 'nil' && known === undefined)
    throw compileFault(`type ${typeName(target.type)} has no method ${name}`, at);
  if (known !== undefined) checkedArguments(name, known, [target, ...args], at);
  return part(typeOfKind(known?.gives ?? 'any'), at, [target, ...args], (frame) => {
    const value = target.run(frame);
    if (value === skipped || (optional && value === null)) return skipped;
    const method = methodOf(kindOf(value), name);
    if (method === undefined) throw runFault(`${goTypeOf(value)} has no method ${name}`, at);
    checkCount(name, method, args.length + 1, 1, (message) => runFault(message, at));
    return applied(name, method, [value, ...args.map((arg) => arg.run(frame))], frame, at);
  });
};
