import type { Measurement } from '@sluice/model';

export const terminatedMessage = 'Metric Terminated';

/** Whether it was under way at its provider when its run was ended: the provider never answered. */
export const wasGivenUp = (measurement: Pick<Measurement, 'phase' | 'message'> | undefined): boolean =>
  measurement?.phase === 'Inconclusive' && measurement.message === terminatedMessage;
