import { equal, includes } from '../equality.ts';
import { compileFault, runFault } from '../fault.ts';
import { arithmetic, resultKinds, type ArithmeticOperator } from '../operators.ts';
import { compilePattern } from '../regexp.ts';
import type { BinaryOperator, TextOperator } from '../syntax/nodes.ts';
import { either, isNumber, typeName, typeOfKind, type StaticType } from '../types.ts';
import { fitsAsKey, goTypeOf, hasKey, isList, isMap, type Value } from '../value.ts';
import { boolean, part, type Frame, type Part } from './part.ts';
import type { Scope } from './scope.ts';
import type { NodeOf, Translator } from './translator.ts';

const bool: StaticType = { kind: 'bool' };

const mismatched = (operator: string, left: StaticType, right: StaticType, at: number): Error =>
  compileFault(`invalid operation: ${operator} (mismatched types ${typeName(left)} and ${typeName(right)})`, at);

const binaryPart = (
  type: StaticType,
  at: number,
  left: Part,
  right: Part,
  apply: (left: Value, right: Value, frame: Frame) => Value,
): Part => part(type, at, [left, right], (frame) => apply(left.run(frame), right.run(frame), frame));

/** Any two values compare, but types that are known to differ show a mistake. */
const comparable = (left: StaticType, right: StaticType): boolean =>
  [left.kind, right.kind].some((kind) => kind === 'any' || kind === 'nil') ||
  left.kind === right.kind ||
  (isNumber(left.kind) && isNumber(right.kind));

const equality = (operator: '==' | '!=', left: Part, right: Part, at: number): Part => {
  if (!comparable(left.type, right.type)) throw mismatched(operator, left.type, right.type, at);
  const wanted = operator === '==';
  return binaryPart(bool, at, left, right, (a, b, { budget }) => equal(a, b, budget, at) === wanted);
};

const calculation = (operator: ArithmeticOperator, left: Part, right: Part, at: number): Part => {
  const kinds = resultKinds(operator, left.type.kind, right.type.kind);
  if (kinds.length === 0) throw mismatched(operator, left.type, right.type, at);
  const apply = arithmetic(operator);
  const type = typeOfKind(kinds.length === 1 && kinds[0] !== undefined ? kinds[0] : 'any');
  const literal = left.literalInteger && right.literalInteger && type.kind === 'int';
  const calculate = (frame: Frame): Value => apply(left.run(frame), right.run(frame), { budget: frame.budget, at });
  return part(type, at, [left, right], calculate, literal);
};

const logic = (operator: '&&' | '||', left: Part, right: Part, at: number): Part => {
  const complaint = (type: string): string => `invalid operation: ${operator} wants bools, not ${type}`;
  const first = boolean(left, complaint);
  const second = boolean(right, complaint);
  return part(bool, at, [left, right], operator === '&&' ? (f) => first(f) && second(f) : (f) => first(f) || second(f));
};

const membership = (left: Part, right: Part, at: number): Part => {
  const { kind } = right.type;
  if (kind !== 'any' && kind !== 'nil' && kind !== 'list' && kind !== 'map')
    throw compileFault(`operator "in" not defined on ${typeName(right.type)}`, at);
  if (right.type.kind === 'list' && !comparable(left.type, right.type.of))
    throw mismatched('in', left.type, right.type, at);
  return binaryPart(bool, at, left, right, (value, container, { budget }) => {
    if (container === null) return false;
    if (isList(container)) return includes(container, value, budget, at);
    if (!isMap(container)) throw runFault(`operator "in" not defined on ${goTypeOf(container)}`, at);
    if (value === null) return false;
    if (!fitsAsKey(container, value))
      throw runFault(`cannot use ${goTypeOf(value)} as a key of ${goTypeOf(container)}`, at);
    return hasKey(container, value);
  });
};

const textTests: Readonly<Record<Exclude<TextOperator, 'matches'>, (text: string, part: string) => boolean>> = {
  contains: (text, sought) => text.includes(sought),
  startsWith: (text, sought) => text.startsWith(sought),
  endsWith: (text, sought) => text.endsWith(sought),
};

/** Operands of the operators on text: nil has none of the properties asked for. */
const texts = (operator: TextOperator, a: Value, b: Value, at: number): readonly [string, string] | undefined => {
  if (a === null || b === null) return undefined;
  if (typeof a !== 'string' || typeof b !== 'string')
    throw runFault(`invalid operation: ${goTypeOf(a)} ${operator} ${goTypeOf(b)}: both have to be strings`, at);
  return [a, b];
};

const checkTexts = (operator: TextOperator, left: Part, right: Part, at: number): void => {
  const wrong = [left, right].some(({ type: { kind } }) => kind !== 'string' && kind !== 'any' && kind !== 'nil');
  if (wrong) throw mismatched(operator, left.type, right.type, at);
};

const textTest = (operator: Exclude<TextOperator, 'matches'>, left: Part, right: Part, at: number): Part => {
  checkTexts(operator, left, right, at);
  const holds = textTests[operator];
  return binaryPart(bool, at, left, right, (a, b, { budget }) => {
    const both = texts(operator, a, b, at);
    if (both === undefined) return false;
    budget.read(both[0].length, at);
    return holds(...both);
  });
};

const matching = (
  left: Part,
  right: Part,
  at: number,
  constant: string | undefined,
  { budget: ours }: Translator,
): Part => {
  checkTexts('matches', left, right, at);
  const fixed = constant === undefined ? undefined : compilePattern(constant, ours, right.at, compileFault);
  return binaryPart(bool, at, left, right, (a, b, { budget }) => {
    const both = texts('matches', a, b, at);
    if (both === undefined) return false;
    const pattern = fixed ?? compilePattern(both[1], budget, right.at, runFault);
    return pattern.occursIn(both[0], budget, at);
  });
};

const coalescing = (left: Part, right: Part, at: number): Part => {
  const type = left.type.kind === 'nil' ? right.type : either(left.type, right.type);
  return part(type, at, [left, right], (frame) => left.run(frame) ?? right.run(frame));
};

const operation = (operator: BinaryOperator, left: Part, right: Part, at: number): Part | undefined => {
  switch (operator) {
    case '||':
    case '&&':
      return logic(operator, left, right, at);
    case '==':
    case '!=':
      return equality(operator, left, right, at);
    case 'in':
      return membership(left, right, at);
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return textTest(operator, left, right, at);
    case '??':
      return coalescing(left, right, at);
    case 'matches':
      return undefined;
    default:
      return calculation(operator, left, right, at);
  }
};

export const translateBinary = (node: NodeOf<'binary'>, scope: Scope, translator: Translator): Part => {
  const left = translator.translate(node.left, scope);
  const right = translator.translate(node.right, scope);
  const constant = node.right.kind === 'literal' && typeof node.right.value === 'string' ? node.right.value : undefined;
  return operation(node.operator, left, right, node.at) ?? matching(left, right, node.at, constant, translator);
};

/** `a < b < c`: true when each neighbour stands so to the next; evaluated from the left until one does not. */
export const translateComparisons = (node: NodeOf<'comparisons'>, scope: Scope, translator: Translator): Part => {
  const operands = node.operands.map((operand) => translator.translate(operand, scope));
  const links = node.operators.map((operator, i) => {
    const at = node.places[i] ?? node.at;
    const [left, right] = [operands[i], operands[i + 1]];
    if (left === undefined || right === undefined) throw compileFault('a comparison needs two operands', at);
    if (resultKinds(operator as ArithmeticOperator, left.type.kind, right.type.kind).length === 0)
      throw mismatched(operator, left.type, right.type, at);
    return { right, at, apply: arithmetic(operator as ArithmeticOperator) };
  });
  return part(bool, node.at, operands, (frame) => {
    let left = operands[0]?.run(frame) ?? null;
    return links.every(({ right, at, apply }) => {
      const value = right.run(frame);
      const holds = apply(left, value, { budget: frame.budget, at });
      left = value;
      return holds === true;
    });
  });
};

export const translateUnary = (
  { operator, operand: inner, at }: NodeOf<'unary'>,
  scope: Scope,
  translator: Translator,
): Part => {
  const operand = translator.translate(inner, scope);
  if (operator === '!') {
    const test = boolean(operand, (type) => `invalid operation: ! (mismatched type ${type}): not wants a bool`);
    return part(bool, at, [operand], (frame) => !test(frame));
  }
  const { kind } = operand.type;
  if (kind !== 'any' && !isNumber(kind))
    throw compileFault(`invalid operation: ${operator} (mismatched type ${typeName(operand.type)})`, at);
  const type = typeOfKind(kind === 'month' || kind === 'weekday' ? 'int' : kind);
  // Zero minus x would lose the sign of a float's zero.
  const times = arithmetic('*');
  const factor = operator === '-' ? -1n : 1n;
  const run = (frame: Frame): Value => {
    const value = operand.run(frame);
    if (typeof value === 'number') return Number(factor) * value;
    if (typeof value !== 'bigint' && goTypeOf(value) === 'time.Duration')
      throw runFault(`invalid operation: ${operator}${goTypeOf(value)}`, at);
    return times(value, factor, { budget: frame.budget, at });
  };
  return part(type, at, [operand], run, operand.literalInteger);
};
