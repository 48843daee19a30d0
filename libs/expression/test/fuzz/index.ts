import { compile, evaluateCondition, type ExpressionError } from '../../src/index.ts';
import { anyAnswer } from './answers.ts';
import { anyExpression } from './expressions.ts';
import { createChance } from './random.ts';

export type FuzzOutcome = 'true' | 'false' | 'other value' | ExpressionError['kind'];

export interface FuzzRound {
  readonly source: string;
  readonly outcome: FuzzOutcome;
  /** What must not happen, if it did. */
  readonly violation: string | undefined;
}

const placeIsWrong = ({ position, line, column }: ExpressionError, source: string): boolean =>
  !(position >= 0 && position <= source.length && line >= 1 && column >= 1 && Number.isInteger(column));

const judge = (error: ExpressionError, source: string): string | undefined => {
  if (error.message.startsWith('internal error')) return error.message;
  if (error.message === '') return 'an error without a message';
  return placeIsWrong(error, source) ? `an error outside of the source: ${JSON.stringify(error)}` : undefined;
};

/** One expression against one answer, both of them whatever the seed makes them. Throws only what should have been caught. */
export const fuzzRound = (seed: number): FuzzRound => {
  const chance = createChance(seed);
  const source = anyExpression(chance);
  const result = anyAnswer(chance);
  const verdict = evaluateCondition(source, { result, now: 1_709_618_828_009 });
  if (verdict.ok) return { source, outcome: verdict.verdict ? 'true' : 'false', violation: undefined };
  const { error } = verdict;
  const violation = judge(error, source);
  // The same again, with types unknown: what the check before would have caught is then met while it runs.
  const compiled = compile(source);
  const untyped = compiled.ok ? compiled.condition.evaluate({ variables: { result } }) : compiled;
  const second = untyped.ok ? undefined : judge(untyped.error, source);
  const other = error.message.startsWith('expected bool');
  return { source, outcome: other ? 'other value' : error.kind, violation: violation ?? second };
};
