import type { Labels, Sample } from '../exposition.ts';
import { keyOf } from '../series.ts';
import type { ScrapedSeries } from '../series.ts';
import type { Expression } from './parse.ts';
import { QueryError } from './query-error.ts';
import { increaseOf } from './rate.ts';

/** A number, or a value for each of some label sets. */
export type Value = number | readonly Sample[];

/** The value of a query at a time. Throws QueryError. */
export function evaluate(expression: Expression, series: ScrapedSeries, atMs: number): Value {
  const valueOf = (each: Expression): Value => evaluate(each, series, atMs);
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'selector':
      return series.at(expression.matches, atMs);
    case 'range':
      throw new QueryError('a range such as [5m] is only understood inside rate() and increase()');
    case 'call':
      return call(expression, series, atMs);
    case 'aggregation':
      return aggregate(expression, vectorOf(valueOf(expression.of), expression.name));
    case 'operation':
      return operate(expression.operator, valueOf(expression.left), valueOf(expression.right));
  }
}

function call({ name, argument }: Extract<Expression, { kind: 'call' }>, series: ScrapedSeries, atMs: number): Value {
  switch (name) {
    case 'rate':
    case 'increase': {
      if (argument.kind !== 'range') throw new QueryError(`${name}() takes a range: ${name}(metric[1m])`);
      const { matches, rangeMs } = argument;
      const per = name === 'rate' ? rangeMs / 1000 : 1;
      return series.range(matches, atMs - rangeMs, atMs).flatMap(({ labels, points }) => {
        const increase = increaseOf(points, atMs - rangeMs, atMs);
        return increase === undefined ? [] : [{ labels: unnamed(labels), value: increase / per }];
      });
    }
    case 'scalar': {
      const [only, ...others] = vectorOf(evaluate(argument, series, atMs), name);
      return only === undefined || others.length > 0 ? NaN : only.value;
    }
    case 'vector': {
      const value = evaluate(argument, series, atMs);
      if (typeof value !== 'number') throw new QueryError('vector() takes a number');
      return [{ labels: {}, value }];
    }
  }
}

function vectorOf(value: Value, name: string): readonly Sample[] {
  if (typeof value === 'number') throw new QueryError(`${name}() takes metrics, not a number`);
  return value;
}

function aggregate(
  { name, keeps }: Extract<Expression, { kind: 'aggregation' }>,
  samples: readonly Sample[],
): readonly Sample[] {
  const groups = new Map<string, { labels: Labels; values: number[] }>();
  for (const { labels, value } of samples) {
    const kept = Object.fromEntries(Object.entries(labels).filter(([label]) => keeps(label)));
    const group = groups.get(keyOf(kept)) ?? { labels: kept, values: [] };
    group.values.push(value);
    groups.set(keyOf(kept), group);
  }
  return [...groups.values()].map(({ labels, values }) => ({ labels, value: combined(name, values) }));
}

function combined(name: Extract<Expression, { kind: 'aggregation' }>['name'], values: readonly number[]): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  switch (name) {
    case 'sum':
      return total;
    case 'avg':
      return total / values.length;
    case 'count':
      return values.length;
    case 'min':
    case 'max': {
      // NaN is the least of all, and counts only where there is nothing else.
      const numbers = values.filter((value) => !Number.isNaN(value));
      return numbers.length === 0 ? NaN : Math[name](...numbers);
    }
  }
}

type Operator = Extract<Expression, { kind: 'operation' }>['operator'];

function operate(operator: Operator, left: Value, right: Value): Value {
  if (operator === 'or') {
    const known = vectorOf(left, 'or');
    const keys = new Set(known.map(({ labels }) => keyOf(unnamed(labels))));
    return [...known, ...vectorOf(right, 'or').filter(({ labels }) => !keys.has(keyOf(unnamed(labels))))];
  }
  const result = (a: number, b: number): number => arithmetic(operator, a, b);
  if (typeof left === 'number')
    return typeof right === 'number'
      ? result(left, right)
      : right.map(({ labels, value }) => ({ labels: unnamed(labels), value: result(left, value) }));
  if (typeof right === 'number')
    return left.map(({ labels, value }) => ({ labels: unnamed(labels), value: result(value, right) }));
  const others = byLabels(right);
  return [...byLabels(left)].flatMap(([key, { labels, value }]) => {
    const other = others.get(key);
    return other === undefined ? [] : [{ labels, value: result(value, other.value) }];
  });
}

function arithmetic(operator: Exclude<Operator, 'or'>, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
  }
}

function byLabels(samples: readonly Sample[]): Map<string, Sample> {
  const found = new Map<string, Sample>();
  for (const { labels, value } of samples) {
    const key = keyOf(unnamed(labels));
    if (found.has(key)) throw new QueryError('several series have the same labels on one side of an operator');
    found.set(key, { labels: unnamed(labels), value });
  }
  return found;
}

const unnamed = ({ __name__: _name, ...labels }: Labels): Labels => labels;
