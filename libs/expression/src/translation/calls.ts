import { compileFault, runFault } from '../fault.ts';
import { loopFunctions, type Ask, type LoopFunction } from '../functions/loops.ts';
import type { Argument, Node } from '../syntax/nodes.ts';
import { anyType, typeName, typeOfKind, type StaticType } from '../types.ts';
import { goTypeOf, isList, kindOf } from '../value.ts';
import { applied, checkedArguments } from './arguments.ts';
import { part, type Frame, type Part } from './part.ts';
import type { Scope, Slot } from './scope.ts';
import type { NodeOf, Translator } from './translator.ts';

const loopOf = (name: string): LoopFunction | undefined =>
  Object.hasOwn(loopFunctions, name) ? loopFunctions[name] : undefined;

/** Braces after the list of `filter(list, {…})` are a predicate's, not a map's. */
export const takesPredicate = (name: string, argument: number): boolean => argument === 1 && loopOf(name) !== undefined;

/** A predicate in its own scope: where its element, index and accumulator are kept, and how to ask it. */
const predicate = (
  node: Node,
  element: StaticType,
  loop: LoopFunction,
  scope: Scope,
  translator: Translator,
): { body: Part; ask: (frame: Frame) => Ask } => {
  const slots = { item: translator.newSlot(), index: translator.newSlot(), accumulator: translator.newSlot() };
  const pointers = new Map<string, Slot>([
    ['', { slot: slots.item, type: element }],
    ['index', { slot: slots.index, type: { kind: 'int' } }],
  ]);
  if (loop.accumulates) pointers.set('acc', { slot: slots.accumulator, type: anyType });
  const body = translator.translate(node, { ...scope, pointers });
  const ask =
    (frame: Frame): Ask =>
    (item, index, accumulator) => {
      frame.budget.work(body.size, body.at);
      frame.slots[slots.item] = item;
      frame.slots[slots.index] = BigInt(index);
      frame.slots[slots.accumulator] = accumulator ?? null;
      return body.run(frame);
    };
  return { body, ask };
};

/** A string as the key of sortBy names a field: `sortBy(users, "Age")`. */
const predicateNode = (name: string, { node, braces }: Argument): Node =>
  name === 'sortBy' && !braces && node.kind === 'literal' && typeof node.value === 'string'
    ? { kind: 'member', target: { kind: 'pointer', name: '', at: node.at }, key: node, optional: false, at: node.at }
    : node;

const checkLoopCount = (name: string, loop: LoopFunction, count: number, at: number): void => {
  const least = loop.predicate === 'required' ? 2 : 1;
  const most = loop.further === undefined ? 2 : 3;
  if (count >= least && count <= most) return;
  const range = least === most ? `${least}` : `${least} to ${most}`;
  throw compileFault(
    `${count < least ? 'not enough' : 'too many'} arguments to call ${name}: expected ${range}, got ${count}`,
    at,
  );
};

const furtherArgument = (
  name: string,
  loop: LoopFunction,
  argument: Argument | undefined,
  scope: Scope,
  translator: Translator,
): Part | undefined => {
  if (argument === undefined) return undefined;
  const further = translator.translate(argument.node, scope);
  const { kind } = further.type;
  if (kind !== 'any' && loop.further !== 'any' && loop.further?.includes(kind) !== true)
    throw compileFault(`cannot use ${typeName(further.type)} as argument 3 of ${name}`, further.at);
  return further;
};

const elementType = (name: string, list: Part): StaticType => {
  if (list.type.kind === 'list') return list.type.of;
  if (list.type.kind !== 'any') throw compileFault(`${name} takes only a list, not ${typeName(list.type)}`, list.at);
  return anyType;
};

const loopType = ({ gives }: LoopFunction, element: StaticType): StaticType =>
  gives === 'element' ? element : typeOfKind(gives);

const translateLoop = (node: NodeOf<'call'>, loop: LoopFunction, scope: Scope, translator: Translator): Part => {
  const { name, args, at } = node;
  checkLoopCount(name, loop, args.length, at);
  const [first, second, third] = args;
  if (first === undefined) throw compileFault(`not enough arguments to call ${name}`, at);
  const list = translator.translate(first.node, scope);
  const element = elementType(name, list);
  const asked =
    second === undefined ? undefined : predicate(predicateNode(name, second), element, loop, scope, translator);
  const answer = asked?.body.type.kind ?? element.kind;
  if (loop.asks === 'bool' && answer !== 'bool' && answer !== 'any')
    throw compileFault(
      `the predicate of ${name} should give a bool, not ${typeName(asked?.body.type ?? element)}`,
      asked?.body.at ?? at,
    );
  const further = furtherArgument(name, loop, third, scope, translator);
  const inner = [list, asked?.body, further].filter((one) => one !== undefined);
  return part(loopType(loop, element), at, inner, (frame) => {
    const items = list.run(frame);
    if (!isList(items)) throw runFault(`${name} takes only a list, not ${goTypeOf(items)}`, list.at);
    const value = further?.run(frame);
    if (value !== undefined && loop.further !== 'any' && loop.further?.includes(kindOf(value)) !== true)
      throw runFault(`cannot use ${goTypeOf(value)} as argument 3 of ${name}`, further?.at ?? at);
    frame.budget.work(items.length, at);
    return loop.run(items, asked?.ask(frame) ?? ((item) => item), { budget: frame.budget, at }, value);
  });
};

const unknownFunction = (name: string, at: number, { variables, functions }: Translator, scope: Scope): Error => {
  if (variables.has(name) || scope.names.has(name)) return compileFault(`${name} is not a function`, at);
  const near = [...functions.keys(), ...Object.keys(loopFunctions)].find(
    (candidate) => candidate.toLowerCase() === name.toLowerCase(),
  );
  return compileFault(`unknown function ${name}${near === undefined ? '' : `: did you mean ${near}?`}`, at);
};

export const translateCall = (node: NodeOf<'call'>, scope: Scope, translator: Translator): Part => {
  const { name, args, at } = node;
  const loop = loopOf(name);
  if (loop !== undefined) return translateLoop(node, loop, scope, translator);
  const called = translator.functions.get(name);
  if (called === undefined) throw unknownFunction(name, at, translator, scope);
  const parts = checkedArguments(
    name,
    called,
    args.map((arg) => translator.translate(arg.node, scope)),
    at,
  );
  return part(typeOfKind(called.gives), at, parts, (frame) =>
    applied(
      name,
      called,
      parts.map((argument) => argument.run(frame)),
      frame,
      at,
    ),
  );
};
