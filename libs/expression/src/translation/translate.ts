import { Budget } from '../budget.ts';
import { compileFault, limitFault } from '../fault.ts';
import type { LanguageFunction } from '../functions/function.ts';
import { loopFunctions } from '../functions/loops.ts';
import type { Limits } from '../limits.ts';
import type { Node } from '../syntax/nodes.ts';
import { anyType, either, listOf, typeName, type StaticType } from '../types.ts';
import { fitsAsKey, goTypeOf, kindOf, valueAt, type Value } from '../value.ts';
import { runFault } from '../fault.ts';
import { translateChain, translateMember, translateMethod, translateSlice } from './access.ts';
import { translateCall } from './calls.ts';
import { translateBinary, translateComparisons, translateUnary } from './operators.ts';
import { boolean, part, type Part } from './part.ts';
import { emptyScope, withName, type Scope } from './scope.ts';
import type { NodeOf, Translator } from './translator.ts';

const literal = ({ value, at }: NodeOf<'literal'>): Part =>
  part({ kind: kindOf(value) } as StaticType, at, [], () => value, typeof value === 'bigint');

const named = ({ name, at }: NodeOf<'name'>, scope: Scope, { variables, functions }: Translator): Part => {
  if (name === '$env') return part({ kind: 'map' }, at, [], ({ variables: all }) => all);
  const local = scope.names.get(name);
  if (local !== undefined) return part(local.type, at, [], ({ slots }) => slots[local.slot] ?? null);
  const type = variables.get(name);
  if (type !== undefined) return part(type, at, [], ({ variables: all }) => valueAt(all, name));
  if (functions.has(name) || Object.hasOwn(loopFunctions, name))
    throw compileFault(`${name} is a function: call it, ${name}(…)`, at);
  const known = [...variables.keys()].join(', ');
  const unknown = `unknown name ${name}`;
  throw known === '' ? compileFault(unknown, at) : compileFault(`${unknown}: there is ${known}`, at, unknown);
};

const pointer = ({ name, at }: NodeOf<'pointer'>, scope: Scope): Part => {
  if (scope.pointers === undefined)
    throw compileFault(`cannot use #${name} outside of a predicate, as in filter(list, # > 1)`, at);
  const found = scope.pointers.get(name);
  if (found === undefined)
    throw compileFault(`unknown pointer #${name}${name === 'acc' ? ': only reduce has an accumulator' : ''}`, at);
  return part(found.type, at, [], ({ slots }) => slots[found.slot] ?? null);
};

const conditional = (node: NodeOf<'conditional'>, scope: Scope, translator: Translator): Part => {
  const { at } = node;
  const test = translator.translate(node.test, scope);
  const then = node.then === undefined ? test : translator.translate(node.then, scope);
  const otherwise = translator.translate(node.otherwise, scope);
  const holds = boolean(test, (type) => `non-bool expression (type ${type}) used as condition`);
  // Without `then` the value of the test is the answer: a bool that holds.
  const run = node.then === undefined ? () => true : then.run;
  return part(either(then.type, otherwise.type), at, [test, then, otherwise], (frame) =>
    holds(frame) ? run(frame) : otherwise.run(frame),
  );
};

const variable = ({ name, value, body, at }: NodeOf<'let'>, scope: Scope, translator: Translator): Part => {
  if (translator.functions.has(name) || Object.hasOwn(loopFunctions, name))
    throw compileFault(`cannot redeclare the function ${name}`, at);
  if (translator.variables.has(name) || scope.names.has(name))
    throw compileFault(`cannot redeclare the variable ${name}`, at);
  const assigned = translator.translate(value, scope);
  const slot = translator.newSlot();
  const rest = translator.translate(body, withName(scope, name, { slot, type: assigned.type }));
  return part(rest.type, at, [assigned, rest], (frame) => {
    frame.slots[slot] = assigned.run(frame);
    return rest.run(frame);
  });
};

const sequence = ({ items, at }: NodeOf<'sequence'>, scope: Scope, translator: Translator): Part => {
  const parts = items.map((item) => translator.translate(item, scope));
  const type = parts.at(-1)?.type ?? anyType;
  return part(type, at, parts, (frame) => parts.reduce<Value>((_, item) => item.run(frame), null));
};

const list = ({ items, at }: NodeOf<'list'>, scope: Scope, translator: Translator): Part => {
  const parts = items.map((item) => translator.translate(item, scope));
  return part(listOf(anyType), at, parts, (frame) => {
    frame.budget.make(parts.length, at);
    return parts.map((item) => item.run(frame));
  });
};

const map = ({ entries, at }: NodeOf<'map'>, scope: Scope, translator: Translator): Part => {
  const parts = entries.map(({ key, value }) => ({
    key: translator.translate(key, scope),
    value: translator.translate(value, scope),
  }));
  for (const { key } of parts)
    if (key.type.kind !== 'string' && key.type.kind !== 'any')
      throw compileFault(`the key of a map has to be a string, not ${typeName(key.type)}`, key.at);
  return part(
    { kind: 'map' },
    at,
    parts.flatMap(({ key, value }) => [key, value]),
    (frame) => {
      frame.budget.make(parts.length, at);
      const made = new Map<Value, Value>();
      for (const { key, value } of parts) {
        const name = key.run(frame);
        if (!fitsAsKey(made, name))
          throw runFault(`the key of a map has to be a string, not ${goTypeOf(name)}`, key.at);
        made.set(name, value.run(frame));
      }
      return made;
    },
  );
};

const dispatch = (node: Node, scope: Scope, translator: Translator): Part => {
  switch (node.kind) {
    case 'literal':
      return literal(node);
    case 'name':
      return named(node, scope, translator);
    case 'pointer':
      return pointer(node, scope);
    case 'unary':
      return translateUnary(node, scope, translator);
    case 'binary':
      return translateBinary(node, scope, translator);
    case 'comparisons':
      return translateComparisons(node, scope, translator);
    case 'conditional':
      return conditional(node, scope, translator);
    case 'member':
      return translateMember(node, scope, translator);
    case 'slice':
      return translateSlice(node, scope, translator);
    case 'method':
      return translateMethod(node, scope, translator);
    case 'chain':
      return translateChain(node, scope, translator);
    case 'call':
      return translateCall(node, scope, translator);
    case 'let':
      return variable(node, scope, translator);
    case 'sequence':
      return sequence(node, scope, translator);
    case 'list':
      return list(node, scope, translator);
    case 'map':
      return map(node, scope, translator);
  }
};

export interface Translation {
  readonly body: Part;
  /** How many slots a frame has to have. */
  readonly slots: number;
}

/** Turns the parsed expression into one that runs. Throws a fault for what the names and types show to be wrong. */
export const translate = (
  root: Node,
  variables: ReadonlyMap<string, StaticType>,
  functions: ReadonlyMap<string, LanguageFunction>,
  limits: Limits,
): Translation => {
  let slots = 0;
  let depth = 0;
  const translator: Translator = {
    limits,
    variables,
    functions,
    budget: new Budget(limits),
    newSlot: () => slots++,
    translate: (node, scope) => {
      depth += 1;
      // Chains of operators are deep on their left; each level is one on the stack when it runs.
      if (depth > limits.depth) throw limitFault(`the expression nests deeper than ${limits.depth} levels`, node.at);
      const translated = dispatch(node, scope, translator);
      depth -= 1;
      return translated;
    },
  };
  return { body: translator.translate(root, emptyScope), slots };
};
