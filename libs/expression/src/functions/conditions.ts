import { kindOf, type Value } from '../value.ts';
import { define, type LanguageFunction, type Parameter } from './function.ts';
import { toFloat, toInteger } from './numbers.ts';

// What conditions have beside the functions of the language (spec-analysis §5.2).

const scalar: Parameter = ['int', 'float', 'string', 'month', 'weekday'];
// A literal integer is written where a float is meant: isNaN(1) is a question about 1.0.
const float: Parameter = ['float'];

/** Only the top-level `result` counts, whatever the argument. */
const resultIsNil = (result: Value): boolean => kindOf(result) === 'nil';

/** Functions of conditions, and of the times of a Prometheus range. */
export const rangeFunctions: Readonly<Record<string, LanguageFunction>> = {
  isNaN: define([float], 'bool', (_site, value: number) => Number.isNaN(value)),
  isInf: define([float], 'bool', (_site, value: number) => value === Infinity || value === -Infinity),
};

export const conditionFunctions: Readonly<Record<string, LanguageFunction>> = {
  ...rangeFunctions,
  asInt: define([scalar], 'int', toInteger),
  asFloat: define([scalar], 'float', toFloat),
  isNil: define(['any'], 'bool', ({ result }) => resultIsNil(result)),
  default: define(['any', 'any'], 'any', ({ result }, _ignored: Value, fallback: Value) =>
    resultIsNil(result) ? fallback : result,
  ),
};
