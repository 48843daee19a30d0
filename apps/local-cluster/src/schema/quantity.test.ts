import { describe, expect, it } from 'vitest';
import { canonicalQuantity } from './quantity.ts';

describe('a quantity is written the one way in which the API server writes it', () => {
  it.each([
    [0.5, '500m'],
    ['0.1', '100m'],
    ['2', '2'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Mi', '512Ki'],
    ['1e3', '1e3'],
    ['1000', '1k'],
    ['1000k', '1M'],
    ['128974848', '128974848'],
    ['0', '0'],
    ['-1', '-1'],
    ['100u', '100u'],
    ['0.0000000001', '1n'],
  ])('%s as %s', (given, canonical) => expect(canonicalQuantity(given)).toBe(canonical));

  it.each(['', 'abc', '1ki', '1.2.3', '1 Gi'])('"%s" is none', (text) =>
    expect(canonicalQuantity(text)).toBeUndefined(),
  );
});
