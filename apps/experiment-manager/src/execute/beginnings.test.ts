import { expect, it } from 'vitest';
import { createBeginnings } from './beginnings.ts';

const gate = () => Promise.withResolvers<string>();
const soon = () => new Promise((resolve) => setImmediate(resolve));

it('Experiments begin one after the other, in the order in which they came', async () => {
  const beginnings = createBeginnings(600_000);
  const order: string[] = [];
  const first = gate();
  const begin = (name: string) => async () => {
    order.push(`${name} begins`);
    await first.promise;
    order.push(`${name} has begun`);
    return name;
  };
  const all = Promise.all(['x', 'y', 'z'].map((name) => beginnings.inTurn(begin(name))));
  await soon();
  expect(order).toEqual(['x begins']);
  first.resolve('');
  expect(await all).toEqual(['x', 'y', 'z']);
  expect(order.filter((line) => line.endsWith('begun'))).toEqual(['x has begun', 'y has begun', 'z has begun']);
  expect(order.indexOf('x has begun')).toBeLessThan(order.indexOf('y begins'));
});

it('One that fails holds nobody up, and neither does one that hangs', async () => {
  const beginnings = createBeginnings(1);
  const hanging = gate();
  const failed = beginnings.inTurn(() => Promise.reject(new Error('the API server is away')));
  const hangs = beginnings.inTurn(() => hanging.promise);
  await expect(failed).rejects.toThrow('the API server is away');
  expect(await beginnings.inTurn(() => Promise.resolve('begun'))).toBe('begun');
  hanging.resolve('late');
  expect(await hangs).toBe('late');
});
