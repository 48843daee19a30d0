import { compile, type VariableType } from '../src/index.ts';

/** A value as the tables write it: `1` is an integer, `1.0` a float, `{a: 1}` a map, `time(…)` and `duration(…)` of nanoseconds. */
export const shown = (value: unknown): string => {
  if (typeof value === 'number') return Number.isInteger(value) && !Object.is(value, -0) ? `${value}.0` : String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return value === null ? 'nil' : String(value);
  if ('ns' in value) return `${'zone' in value ? 'time' : 'duration'}(${String(value.ns)})`;
  const entries = value instanceof Map ? Array.from(value as Map<unknown, unknown>) : Object.entries(value);
  return `{${entries.map(([key, item]) => `${typeof key === 'string' ? key : shown(key)}: ${shown(item)}`).join(', ')}}`;
};

/** What the tables evaluate against. Numbers of JSON are floats. */
export const answers: Readonly<Record<string, { readonly type: VariableType; readonly value: unknown }>> = {
  result: { type: 'any', value: [0.5, 1, 2.5] },
  vector: { type: 'list of floats', value: [0.5, 1, 2.5] },
  scalar: { type: 'float', value: 0.05 },
  none: { type: 'any', value: null },
  empty: { type: 'list', value: [] },
  body: { type: 'string', value: 'status: ok' },
  users: {
    type: 'any',
    value: [
      { Name: 'John', Age: 20, tags: ['a', 'b'] },
      { Name: 'Jane', Age: 25, tags: [] },
      { Name: 'Bob', Age: 20 },
    ],
  },
  answer: {
    type: 'map',
    value: {
      status: 200,
      ok: true,
      data: { items: [{ v: 1 }, { v: 2 }], 'error-rate': 0.01, missing: null },
      text: 'done',
    },
  },
};

/** 2024-03-05 06:07:08.009 UTC, a Tuesday. */
export const now = 1_709_618_828_009;

/** What became of an expression: the value, or `kind column: message`. */
export const outcome = (source: string): string => {
  const types = Object.fromEntries(Object.entries(answers).map(([name, { type }]) => [name, type]));
  const values = Object.fromEntries(Object.entries(answers).map(([name, { value }]) => [name, value]));
  const compiled = compile(source, { variables: types });
  const evaluated = compiled.ok ? compiled.condition.evaluate({ variables: values, now }) : compiled;
  if (evaluated.ok) return shown(evaluated.value);
  const { kind, line, column, message } = evaluated.error;
  return `${kind} ${line === 1 ? '' : `${line}:`}${column}: ${message}`;
};
