// What a person can mend is told in one line; anything else keeps its stack, because it is a defect of ours.

/** Thrown for what the person at the terminal can mend: the message says what is wrong, where, and what to type. */
export class Failure extends Error {}

/** Prints `error` on stderr (one line for a Failure) and ends with exit code 1. */
export function failWith(error) {
  console.error(error instanceof Failure ? `sluice: ${error.message}` : error);
  process.exit(1);
}
