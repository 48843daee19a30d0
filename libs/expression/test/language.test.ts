import { describe, expect, it } from 'vitest';
import { accessAndPredicates } from './conditions/access-and-predicates.ts';
import { errors } from './conditions/errors.ts';
import { functions } from './conditions/functions.ts';
import { literalsAndOperators } from './conditions/literals-and-operators.ts';
import { outcome } from './shown.ts';

const groups = { ...literalsAndOperators, ...accessAndPredicates, ...functions, ...errors };

describe.each(Object.entries(groups))('%s', (_name, conditions) => {
  it.each(conditions)('%s → %s', (source, expected) => {
    expect(outcome(source)).toBe(expected);
  });
});

it('holds for at least 300 conditions', () => {
  expect(Object.values(groups).flat().length).toBeGreaterThanOrEqual(300);
});
