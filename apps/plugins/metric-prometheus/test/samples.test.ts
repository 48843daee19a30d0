import { expect, test } from 'vitest';
import { measuredOf, sampleText } from '../src/samples.ts';
import { vector } from './measuring.ts';

test('a scalar is a number', () => {
  expect(measuredOf({ resultType: 'scalar', result: [1, '0.5'] })).toEqual({ result: 0.5, value: '0.5' });
});

test('a vector is the list of its values, without labels', () => {
  expect(measuredOf(vector('1', '2', '3'))).toEqual({ result: [1, 2, 3], value: '[1,2,3]' });
});

test('no data is an empty list', () => {
  expect(measuredOf(vector())).toEqual({ result: [], value: '[]' });
  expect(measuredOf({ resultType: 'matrix', result: [] })).toEqual({ result: [], value: '[]' });
});

test('a matrix is the list of all its points, series after series', () => {
  const series = (...values: string[]) => ({ metric: {}, values: values.map((value, at) => [at, value]) });
  expect(measuredOf({ resultType: 'matrix', result: [series('1', '2'), series(), series('3')] })).toEqual({
    result: [1, 2, 3],
    value: '[1,2,3]',
  });
});

test('what is no number stays what it is', () => {
  expect(measuredOf(vector('NaN', '+Inf', '-Inf', 'Inf'))).toEqual({
    result: [NaN, Infinity, -Infinity, Infinity],
    value: '[NaN,+Inf,-Inf,+Inf]',
  });
});

test.each([
  ['1e+06', '1000000'],
  ['1.5e-07', '0.00000015'],
  ['-2.25e-10', '-0.000000000225'],
  ['1e21', '1000000000000000000000'],
  ['1.2345e22', '12345000000000000000000'],
  ['0.1', '0.1'],
  ['-0', '-0'],
  ['123456789012345680', '123456789012345680'],
])('numbers are written without exponents: %s', (text, shown) => {
  expect(sampleText(Number(text))).toBe(shown);
  expect(measuredOf(vector(text)).value).toBe(`[${shown}]`);
});

test.each([
  [{ resultType: 'string', result: [1, 'a'] }, 'Prometheus metric type not supported'],
  [{ resultType: 'other' }, 'Prometheus metric type not supported'],
  [null, 'bad_response'],
  [{ resultType: 'vector' }, 'bad_response'],
  [{ resultType: 'vector', result: [{}] }, 'bad_response'],
  [vector('1', 'many'), 'bad_response'],
  [vector(''), 'bad_response'],
  [{ resultType: 'vector', result: [{ value: [1, 5] }] }, 'bad_response'],
  [{ resultType: 'vector', result: [{ histogram: [1, {}] }] }, 'bad_response'],
  [{ resultType: 'scalar', result: [] }, 'bad_response'],
])('what is no answer is never a value: %j', (data, message) => expect(() => measuredOf(data)).toThrow(message));
