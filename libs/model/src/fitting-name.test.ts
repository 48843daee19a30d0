import { describe, expect, it } from 'vitest';
import { fittingObjectName, fittingServiceName } from './fitting-name.ts';

const object = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const service = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const odd = [
  'Error Rate',
  'error rate',
  'ERROR',
  'a..b',
  '-',
  '',
  'ünïcode',
  'a/b',
  '.',
  'x-',
  'x'.repeat(300),
  `${'y'.repeat(240)}.${'z'.repeat(20)}`,
];

describe('a name that is composed of names of users', () => {
  it.each(['shop-a', '1shop', 'a.b-c', 'x'.repeat(253)])('is kept when it is valid: %s', (name) => {
    expect(fittingObjectName(name)).toBe(name);
  });

  it.each(odd)('is made to fit an object: %j', (name) => {
    for (const suffix of ['', '-5d8f7b9c4d-12-3', '-pre']) {
      const fitting = fittingObjectName(name, suffix);
      expect(fitting).toMatch(object);
      expect(fitting.length).toBeLessThanOrEqual(253);
      expect(fitting.endsWith(suffix)).toBe(true);
    }
  });

  it.each([...odd, '1shop', 'shop.example', 'x'.repeat(64)])('is made to fit a Service: %j', (name) => {
    const fitting = fittingServiceName(name);
    expect(fitting).toMatch(service);
    expect(fitting.length).toBeLessThanOrEqual(63);
  });

  it('keeps names apart that are cut to the same', () => {
    const all = [...odd, 'x'.repeat(301), 'error-rate'];
    expect(new Set(all.map((name) => fittingObjectName(name))).size).toBe(all.length);
    expect(new Set(all.map(fittingServiceName)).size).toBe(all.length);
  });

  it('stays readable', () => {
    expect(fittingObjectName('shop-Error Rate')).toMatch(/^shop-error-rate-[a-z0-9]+$/);
    expect(fittingServiceName('shop')).toBe('shop');
  });
});
