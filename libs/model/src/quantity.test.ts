import { describe, expect, it } from 'vitest';
import { canonicalQuantity, compareQuantities, formatQuantity, parseQuantity, roundedUpToMilli } from './quantity.ts';

describe('the canonical form of a quantity', () => {
  // The right side is what Kubernetes 1.34 writes.
  it.each([
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['.125', '125m'],
    ['1.125', '1.125'],
    ['1.5', '1500m'],
    ['1.000000001', '1.000000001'],
    ['0.0000000001', '1n'],
    ['1000', '1k'],
    ['100000', '100k'],
    ['0', '0'],
    ['0Gi', '0'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1000Ki', '1000Ki'],
    ['0.5Ki', '512'],
    ['1.0001Ki', '1024102400u'],
    ['1e3', '1e3'],
    ['1e1', '10'],
    ['12.5e2', '1250'],
    ['5000e-3', '5'],
    ['-1000m', '-1'],
    [1, '1'],
    [0.25, '250m'],
  ])('%s is %s', (value, canonical) => {
    expect(canonicalQuantity(value)).toBe(canonical);
  });

  it('leaves text that is no quantity to the API server', () => {
    for (const text of ['', 'abc', '1.2.3', '1KiB', '--1', '{{args.cpu}}']) {
      expect(parseQuantity(text)).toBeUndefined();
      expect(canonicalQuantity(text)).toBe(text);
    }
  });
});

describe('comparing quantities', () => {
  it('goes by amount', () => {
    expect(compareQuantities('1', '1000m')).toBe(0);
    expect(compareQuantities('1Gi', '1G')).toBe(1);
    expect(compareQuantities('-1', 1)).toBe(-1);
    expect(compareQuantities('x', '1')).toBeUndefined();
  });
});

describe('rounding to thousandths', () => {
  it.each([
    ['0.0001', '1m'],
    ['100u', '1m'],
    ['2', '2'],
    ['-1.0001', '-1001m'],
  ])('makes %s into %s', (value, rounded) => {
    const quantity = parseQuantity(value);
    expect(quantity && formatQuantity(roundedUpToMilli(quantity))).toBe(rounded);
  });
});
