import { compile, type CompileOptions, type ExpressionError } from '@sluice/expression';
import type { Metric } from '@sluice/model';
import { error, warning, type Complaint, type Path } from './finding.ts';
import { fill, type Filled, type KnownValues } from './placeholders.ts';

// Conditions, and the times of Prometheus ranges: do they compile, and do they give what is asked of them?

interface Expected {
  /** Go's name of the type that the expression has to give. */
  readonly type: 'bool' | 'time.Time';
  /** What `result` may be; the expression has to make sense for one of them. */
  readonly alternatives: readonly CompileOptions[];
}

const anyResult: CompileOptions = { variables: { result: 'any' } };

const condition: Expected = { type: 'bool', alternatives: [anyResult] };

/** A query gives one number or a list of them: whatever else is done with the answer fails for both. */
const prometheusCondition: Expected = {
  type: 'bool',
  alternatives: [{ variables: { result: 'list of floats' } }, { variables: { result: 'float' } }],
};

const rangeTime: Expected = { type: 'time.Time', alternatives: [{ variables: {}, functions: 'range' }] };

interface Trouble {
  readonly message: string;
  readonly position: number;
}

const troubleWith = (source: string, options: CompileOptions, wanted: string): Trouble | undefined => {
  const compiled = compile(source, options);
  if (!compiled.ok) return compiled.error satisfies ExpressionError;
  const { type } = compiled.condition;
  return type === wanted || type === 'unknown'
    ? undefined
    : { message: `expected ${wanted}, but got ${type}`, position: 0 };
};

/** The trouble under the first alternative, if all of them have one. */
const troubleOf = ({ text }: Filled, { type, alternatives }: Expected): Trouble | undefined => {
  const troubles = alternatives.map((options) => troubleWith(text, options, type));
  return troubles.includes(undefined) ? undefined : troubles[0];
};

/** Values that an argument without a known one may have: it is wrong only if it is wrong for each. */
const guesses = ['1', '1.5', 'a', '"a"', 'true', '1h'];

const checkExpression = (path: Path, text: unknown, known: KnownValues, expected: Expected): Complaint[] => {
  if (typeof text !== 'string' || text === '') return [];
  const certain = fill(text, known, '');
  const candidates = certain.certain ? [certain] : guesses.map((guess) => fill(text, known, guess));
  const troubles = candidates.map((filled) => ({ filled, trouble: troubleOf(filled, expected) }));
  const [first] = troubles;
  if (first?.trouble === undefined || troubles.some(({ trouble }) => trouble === undefined)) return [];
  return [error(path, first.trouble.message, { offset: first.filled.originalOffset(first.trouble.position) })];
};

const conditionFields = ['successCondition', 'failureCondition'] as const;

/** What is wrong with the expressions of a metric. `metric` is as it stands in the file. */
export const checkExpressions = (metric: Metric, path: Path, known: KnownValues): Complaint[] => {
  const { provider } = metric;
  const given = conditionFields.filter((field) => Boolean(metric[field]));
  if (provider?.job)
    return given.map((field) =>
      warning([...path, field], 'the conditions of a Job are not evaluated: it succeeds or fails by itself', {
        atKey: true,
      }),
    );
  const expected = provider?.prometheus ? prometheusCondition : condition;
  const range = provider?.prometheus?.rangeQuery;
  const rangePath = [...path, 'provider', 'prometheus', 'rangeQuery'];
  return [
    ...given.flatMap((field) => checkExpression([...path, field], metric[field], known, expected)),
    ...(['start', 'end'] as const).flatMap((field) =>
      checkExpression([...rangePath, field], range?.[field], known, rangeTime),
    ),
  ];
};
