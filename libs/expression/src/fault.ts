import type { ExpressionError, ExpressionErrorKind } from './api.ts';

/** Why an expression could not be compiled or evaluated. Thrown inside of this library only: its functions return errors. */
export class Fault extends Error {
  readonly kind: ExpressionErrorKind;
  /** Offset into the source, in UTF-16 units. */
  readonly at: number;
  readonly brief: string | undefined;

  constructor(kind: ExpressionErrorKind, message: string, at: number, brief?: string) {
    super(message);
    this.kind = kind;
    this.at = at;
    this.brief = brief;
  }
}

export const compileFault = (message: string, at: number, brief?: string): Fault =>
  new Fault('compile', message, at, brief);
export const runFault = (message: string, at: number): Fault => new Fault('run', message, at);
export const limitFault = (message: string, at: number): Fault => new Fault('limit', message, at);

const placeOf = (source: string, position: number): { line: number; column: number } => {
  const before = source.slice(0, position);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1 };
};

/** The public form of whatever was thrown. A stack that ran out is a limit; anything unforeseen is an error too, never a crash. */
export const errorOf = (source: string, thrown: unknown): ExpressionError => {
  const fault =
    thrown instanceof Fault
      ? thrown
      : thrown instanceof RangeError
        ? limitFault(`the expression or the answer is too large or nested too deeply (${thrown.message})`, 0)
        : runFault(`internal error: ${String(thrown)}`, 0);
  const position = Math.min(fault.at, source.length);
  const { kind, message, brief } = fault;
  return { kind, message, ...(brief !== undefined && { brief }), position, ...placeOf(source, position) };
};
