import { RE2JS } from 're2js';
import type { Budget } from './budget.ts';
import { quoted } from './text.ts';
import type { Fault } from './fault.ts';

// Go's regular expressions: RE2 runs in time proportional to the text, whatever the pattern. JavaScript's own could take for ever.

export interface Pattern {
  /** Whether the pattern occurs anywhere in the text. */
  occursIn(text: string, budget: Budget, at: number): boolean;
}

/** The unfolded size of a pattern, as `unfoldedSize` estimates it. It keeps the worst pattern below a tenth of a second. */
const largest = 100_000;

/** RE2 allows nested repetitions to multiply up to this. */
const mostRepetitions = 1_000;

/** What it costs to build a class of Unicode, in characters of other patterns. */
const classCost = 1_000;

const stepsPerCharacter = 10;
const instructionsPerStep = 8;

/** Repetitions unfold: `(…){100}` is as large as a hundred of what it repeats. Never below the true size by much. */
const unfoldedSize = (source: string): number => {
  let repetitions = 1;
  for (const [, least = '', most = ''] of source.matchAll(/\{(\d{1,6})(?:,(\d{0,6}))?\}/g))
    repetitions = Math.min(mostRepetitions, repetitions * Math.max(1, Number(least), Number(most)));
  const classes = source.split(/\\[pP]/).length - 1;
  return source.length * repetitions + classes * classCost;
};

/** Compiles a pattern. What is wrong with it is thrown as the fault that the caller makes of the message. */
export const compilePattern = (
  source: string,
  budget: Budget,
  at: number,
  fault: (message: string, at: number) => Fault,
): Pattern => {
  const size = unfoldedSize(source);
  if (size > largest) throw fault(`the regular expression ${quoted(source)} is too large`, at);
  budget.work(1_000 + size * stepsPerCharacter, at);
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    throw fault(error instanceof Error ? error.message : `error parsing regexp: ${quoted(source)}`, at);
  }
  const instructions = compiled.programSize();
  return {
    occursIn: (text, spent, place) => {
      spent.work(1 + (text.length * instructions) / instructionsPerStep, place);
      return compiled.test(text);
    },
  };
};
