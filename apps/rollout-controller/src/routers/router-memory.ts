import { spanAfterAnswer, spanAfterFailure } from '@sluice/engine';
import type { EpochMs, RouterObservation, TrafficIntent } from '@sluice/engine';
import { backOffMs, sameJson } from '@sluice/kube';

/** What is known about one router's routes for one Rollout, between its turns. All of it may be lost: then the router is asked again. */
export interface RouterMemory {
  readonly observation: RouterObservation;
  /** When the observation was made. */
  readonly at: EpochMs;
  /** Failures in a row, and until when the router is left alone because of them. */
  readonly failures: number;
  readonly restUntil: EpochMs;
  /** Times that the same routes had to be written again, because somebody else had changed them. */
  readonly rewrites: readonly EpochMs[];
}

export const unknownRouter: RouterMemory = {
  observation: { kind: 'unknown' },
  at: 0,
  failures: 0,
  restUntil: 0,
  rewrites: [],
};

const busyRestMs = 100;
const restBackOff = { firstMs: 500, longestMs: 15_000 };
/** So often the same routes are written again within the time; after that, ever more slowly. */
const freeRewrites = 5;
const rewriteWindowMs = 300_000;
/** Whoever has changed routes a moment ago may do so again: until then they are looked at more often. */
const wearyMs = 60_000;
const wearyLookMs = 2_000;
/** A router that has not confirmed yet is asked again after so long: a step waits for it. */
const pendingLookMs = 5_000;

/** How long a router is left alone after so many failures in a row, in ms; `'busy'`: it was not even asked, because others wait for it. */
export const restAfter = (failures: number | 'busy'): number =>
  failures === 'busy' ? busyRestMs : backOffMs(failures, restBackOff);

/** The router answered: nobody has to guess any more. */
export function answered(
  memory: RouterMemory,
  answer: Extract<RouterObservation, { kind: 'observed' }>,
  at: EpochMs,
  recordedWeight: number,
): RouterMemory {
  const observation = { ...answer, span: spanAfterAnswer(memory.observation, answer, recordedWeight) };
  return { ...memory, observation, at, failures: 0, restUntil: memory.restUntil > at ? memory.restUntil : 0 };
}

/** It did not: its routes may be where they were, or where the call meant to take them. */
export function failed(
  memory: RouterMemory,
  intent: TrafficIntent,
  reason: string,
  at: EpochMs,
  recordedWeight: number,
): RouterMemory {
  const failures = memory.failures + 1;
  return {
    ...memory,
    observation: {
      kind: 'unavailable',
      reason,
      ...spanAfterFailure(memory.observation, intent, recordedWeight),
    },
    at,
    failures,
    restUntil: at + restAfter(failures),
  };
}

/** It was not asked because others wait for it. */
export const busy = (memory: RouterMemory, at: EpochMs): RouterMemory => ({
  ...memory,
  restUntil: Math.max(memory.restUntil, at + restAfter('busy')),
});

/** The same declaration has to be written once more although it was in place before: somebody else writes there. */
export function rewritten(memory: RouterMemory, at: EpochMs): RouterMemory {
  const rewrites = [...memory.rewrites.filter((each) => each > at - rewriteWindowMs), at];
  const excess = rewrites.length - freeRewrites;
  return {
    ...memory,
    rewrites,
    restUntil: excess > 0 ? at + Math.min(rewriteWindowMs / 2, 1_000 * 2 ** excess) : memory.restUntil,
  };
}

/** When routes that are in place, or about to be, are to be looked at again. */
export function lookAgainAt({ at, rewrites, observation }: RouterMemory, everyMs: number): EpochMs {
  const isAwaited = observation.kind === 'observed' && observation.verification === 'pending';
  if (isAwaited) return at + Math.min(everyMs, pendingLookMs);
  const isFought = (rewrites.at(-1) ?? Number.NEGATIVE_INFINITY) > at - wearyMs;
  return at + (isFought ? Math.min(everyMs, wearyLookMs) : everyMs);
}

/** Whether routes that were in place have been changed by somebody else. */
export const hasDrifted = (
  before: RouterObservation,
  after: Extract<RouterObservation, { kind: 'observed' }>,
): boolean => before.kind === 'observed' && before.inSync && !after.inSync && sameJson(before.intent, after.intent);
