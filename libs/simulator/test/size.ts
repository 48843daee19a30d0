/** Random histories for each of the two strategies; another number with SLUICE_HISTORIES. */
export const histories = Number(process.env['SLUICE_HISTORIES'] ?? 5000);

/** Which histories: the same in every run, unless SLUICE_SEED names others (a number, or `random`). */
export const seed = process.env['SLUICE_SEED'] === 'random' ? undefined : Number(process.env['SLUICE_SEED'] ?? 2026);

/** Options of fast-check for so many runs. */
export const runs = (numRuns: number) => ({
  numRuns: Math.max(1, Math.ceil(numRuns)),
  ...(seed === undefined ? {} : { seed }),
});
