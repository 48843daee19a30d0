export interface BackOff {
  /** After the first failure. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** How long to leave alone what has failed `failures` times in a row, in ms: `firstMs`, then twice as long each time, `longestMs` at most. 0 where nothing has failed. */
export function backOffMs(failures: number, { firstMs, longestMs }: BackOff): number {
  return failures <= 0 ? 0 : Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
}

/** For services and plugins that did not do what they were asked for: soon again at first, and no burden for one that stays away. */
export const patientBackOff: BackOff = { firstMs: 1_000, longestMs: 30_000 };
