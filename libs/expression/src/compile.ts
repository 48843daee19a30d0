import type { Compilation, CompileOptions, Condition, Evaluation, EvaluationEnvironment } from './api.ts';
import { Budget } from './budget.ts';
import { errorOf } from './fault.ts';
import { collectionFunctions } from './functions/collections.ts';
import { conditionFunctions, rangeFunctions } from './functions/conditions.ts';
import { dateFunctions, nanosecondsOf } from './functions/dates.ts';
import { jsonFunctions } from './functions/json.ts';
import { numberFunctions } from './functions/numbers.ts';
import { stringFunctions } from './functions/strings.ts';
import { typeFunctions } from './functions/kinds.ts';
import type { LanguageFunction } from './functions/function.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { parse } from './syntax/parse.ts';
import { takesPredicate } from './translation/calls.ts';
import { translate, type Translation } from './translation/translate.ts';
import { typeName, typeOfVariable } from './types.ts';
import { goTypeOf, kindOf, type Value } from './value.ts';

const language: Readonly<Record<string, LanguageFunction>> = {
  ...stringFunctions,
  ...numberFunctions,
  ...collectionFunctions,
  ...dateFunctions,
  ...jsonFunctions,
  ...typeFunctions,
};

const functionSets: Readonly<Record<NonNullable<CompileOptions['functions']>, ReadonlyMap<string, LanguageFunction>>> =
  {
    none: new Map(Object.entries(language)),
    range: new Map(Object.entries({ ...language, ...rangeFunctions })),
    condition: new Map(Object.entries({ ...language, ...conditionFunctions })),
  };

/** Go's name of the type of a result: what was known before the run says more about lists than the value does. */
const typeOfResult = (value: Value, { body }: Translation): string =>
  kindOf(value) === 'list' && body.type.kind === 'list' ? typeName(body.type) : goTypeOf(value);

const evaluate = (
  source: string,
  translation: Translation,
  limits: Limits,
  environment: EvaluationEnvironment,
): Evaluation => {
  try {
    const value = translation.body.run({
      slots: Array.from({ length: translation.slots }, () => null),
      budget: new Budget(limits),
      variables: environment.variables,
      now: environment.now === undefined ? undefined : nanosecondsOf(environment.now),
    });
    return { ok: true, value, type: typeOfResult(value, translation) };
  } catch (thrown) {
    return { ok: false, error: errorOf(source, thrown) };
  }
};

/**
 * Compiles an expression: syntax, names, and types as far as they are known. Never throws. A condition may be kept and evaluated
 * any number of times.
 */
export const compile = (source: string, options: CompileOptions = {}): Compilation => {
  const limits = { ...defaultLimits, ...options.limits };
  const variables = Object.entries(options.variables ?? { result: 'any' as const });
  try {
    const tree = parse(source, limits, takesPredicate);
    const types = new Map(variables.map(([name, type]) => [name, typeOfVariable(type)]));
    const translation = translate(tree, types, functionSets[options.functions ?? 'condition'], limits);
    const condition: Condition = {
      source,
      type: typeName(translation.body.type),
      evaluate: (environment) => evaluate(source, translation, limits, environment),
    };
    return { ok: true, condition };
  } catch (thrown) {
    return { ok: false, error: errorOf(source, thrown) };
  }
};
