/** How much one expression may ask for. Work is counted, never timed: an expression ends the same way on every machine. */
export interface Limits {
  /** Length of the source, in UTF-16 units. */
  readonly sourceLength: number;
  /** Parts of the parsed expression. */
  readonly nodes: number;
  /** Depth of the parsed expression, and of lists and maps that are walked through. */
  readonly depth: number;
  /** Work while it runs: about one for each part of a predicate, for each element and for each eight characters looked at. */
  readonly steps: number;
  /** What it may make while it runs: one for each element of a list or map, one for each eight characters of text. */
  readonly memory: number;
}

/** Generous for conditions that people write; at worst some tenths of a second and some tens of megabytes. */
export const defaultLimits: Limits = {
  sourceLength: 32_768,
  nodes: 10_000,
  depth: 400,
  steps: 1_000_000,
  memory: 500_000,
};
