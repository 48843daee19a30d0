import { compileFault, runFault, type Fault } from '../fault.ts';
import type { LanguageFunction, Parameter } from '../functions/function.ts';
import { typeName, type StaticType } from '../types.ts';
import { goTypeNames, goTypeOf, kindOf, valueAt, type Kind, type Value } from '../value.ts';
import type { Frame, Part } from './part.ts';

/** What a call takes beside the work that the function counts itself. */
const callCost = 5;

const parameterAt = ({ takes, rest }: LanguageFunction, i: number): Parameter => takes[i] ?? rest ?? 'any';

const accepts = (parameter: Parameter, kind: Kind | 'any'): boolean =>
  parameter === 'any' || kind === 'any' || parameter.includes(kind);

const wanted = (parameter: Parameter): string =>
  parameter === 'any' ? 'anything' : parameter.map((kind) => goTypeNames[kind]).join(' or ');

const isOfManyKinds = (parameter: Parameter): boolean => parameter !== 'any' && parameter.length > 1;

/** Throws when there are too few or too many arguments. `own`: so many of them are not written between the parentheses. */
export const checkCount = (
  name: string,
  { takes, optional, rest }: LanguageFunction,
  count: number,
  own: number,
  fault: (message: string) => Fault,
): void => {
  const least = takes.length - optional;
  const most = rest === undefined ? takes.length : Infinity;
  if (count >= least && count <= most) return;
  const range =
    least === most
      ? `${least - own}`
      : most === Infinity
        ? `at least ${least - own}`
        : `${least - own} to ${most - own}`;
  throw fault(
    `${count < least ? 'not enough' : 'too many'} arguments to call ${name}: expected ${range}, got ${count - own}`,
  );
};

const wrongArgument = (name: string, i: number, type: string, parameter: Parameter): string =>
  isOfManyKinds(parameter)
    ? `invalid argument for ${name} (type ${type})`
    : `cannot use ${type} as argument ${i + 1} of ${name}: expected ${wanted(parameter)}`;

/** An integer literal may stand where only a float can. */
const asFloat = (argument: Part): Part => ({
  ...argument,
  type: { kind: 'float' } satisfies StaticType,
  run: (frame) => Number(argument.run(frame)),
});

/** The arguments, fit for the function as far as their types are known. Throws a fault of compilation for those that are not. */
export const checkedArguments = (
  name: string,
  called: LanguageFunction,
  args: readonly Part[],
  at: number,
): readonly Part[] => {
  checkCount(name, called, args.length, 0, (message) => compileFault(message, at));
  return args.map((argument, i) => {
    const parameter = parameterAt(called, i);
    if (accepts(parameter, argument.type.kind)) return argument;
    if (argument.literalInteger && accepts(parameter, 'float')) return asFloat(argument);
    throw compileFault(wrongArgument(name, i, typeName(argument.type), parameter), argument.at);
  });
};

/** Calls the function with values; their kinds are checked, since types may not have been known before. */
export const applied = (
  name: string,
  called: LanguageFunction,
  values: readonly Value[],
  frame: Frame,
  at: number,
): Value => {
  values.forEach((value, i) => {
    const parameter = parameterAt(called, i);
    if (!accepts(parameter, kindOf(value))) throw runFault(wrongArgument(name, i, goTypeOf(value), parameter), at);
  });
  const { budget, now, variables } = frame;
  budget.work(callCost, at);
  return called.run({ budget, at, now, result: valueAt(variables, 'result') }, ...(values as never[]));
};
