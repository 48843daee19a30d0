import { applyPatch } from 'fast-json-patch';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonPatchBetween } from '../src/index.ts';

const patched = (from: object, to: object): unknown =>
  applyPatch(structuredClone(from), structuredClone([...jsonPatchBetween(from, to)]) as never, true).newDocument;

test('an entry put first into a list leaves the others unmentioned', () => {
  const from = { spec: { http: [{ name: 'a', x: 1 }, { name: 'b' }] } };
  const to = { spec: { http: [{ name: 'new' }, { name: 'a', x: 2 }, { name: 'b' }] } };
  expect(jsonPatchBetween(from, to)).toEqual([
    { op: 'add', path: '/spec/http/0', value: { name: 'new' } },
    { op: 'replace', path: '/spec/http/1/x', value: 2 },
  ]);
});

test('an entry put last, taken first or taken last is one operation', () => {
  expect(jsonPatchBetween({ l: [1, 2] }, { l: [1, 2, 3] })).toEqual([{ op: 'add', path: '/l/2', value: 3 }]);
  expect(jsonPatchBetween({ l: [1, 2, 3] }, { l: [2, 3] })).toEqual([{ op: 'remove', path: '/l/0' }]);
  expect(jsonPatchBetween({ l: [1, 2, 3] }, { l: [1, 2] })).toEqual([{ op: 'remove', path: '/l/2' }]);
});

test('names with slashes and tildes are escaped', () => {
  expect(jsonPatchBetween({ m: {} }, { m: { 'a/b~c': 1 } })).toEqual([{ op: 'add', path: '/m/a~1b~0c', value: 1 }]);
});

test('the same JSON in another order of fields needs no patch', () => {
  expect(jsonPatchBetween({ a: 1, b: { c: [1], d: 2 } }, { b: { d: 2, c: [1] }, a: 1 })).toEqual([]);
});

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('a', 'b', ''),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c/d', '~e'), tie('value'), { maxKeys: 4 }),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c/d', '~e'), tie('value'), { maxKeys: 4 }),
}));

test('applied to the one it gives the other, whatever the two are', () => {
  fc.assert(
    fc.property(json.object, json.object, (from, to) => {
      expect(patched(from as object, to as object)).toEqual(to);
    }),
    { numRuns: 2_000, seed: 2026 },
  );
});
