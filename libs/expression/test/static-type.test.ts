import { expect, it } from 'vitest';
import { compile } from '../src/index.ts';

it.each([
  ['result > 1', 'bool'],
  ['result', 'unknown'],
  ['1 + 2', 'int'],
  ['"a" + string(result)', 'string'],
  ['now() - duration("1h")', 'time.Time'],
  ['len(result)', 'int'],
  ['filter(result, # > 1)', '[]interface {}'],
])('%s gives %s, as far as can be known before it runs', (source, type) => {
  expect(compile(source)).toMatchObject({ ok: true, condition: { type } });
});
