import type { EpochMs, RefusableWrite, Refusal } from '@sluice/engine';
import { backOffMs, patientBackOff } from '@sluice/kube';

/**
 * Writes that the API server has refused, and that no cache therefore holds. Kept by the uid of the Rollout; a controller that starts anew learns them again. A refused write
 * is a state of the Rollout, not an error: the next decision leaves it out and goes on with everything that does not depend on it.
 */
export interface WriteRefusals {
  /** Says whether this is news: the same write was not refused with these words before. Tried again 1 s after the first refusal, doubling to 30 s. */
  refused(uid: string, refusal: Refusal, now: EpochMs): boolean;
  accepted(uid: string, write: RefusableWrite): void;
  /** What belongs into a snapshot taken now. */
  of(uid: string, now: EpochMs): { readonly refusals?: readonly Refusal[] };
  /** When the next one may be tried again. */
  againAt(uid: string, now: EpochMs): EpochMs | undefined;
  forget(uid: string): void;
}

interface Kept {
  readonly refusal: Refusal;
  readonly count: number;
  readonly until: EpochMs;
}

const keyOf = ({ kind, name, value = '' }: RefusableWrite): string => `${kind} ${name} ${value}`;
/** Of one Rollout: what is not refused again for so long is over. */
const forgottenMs = 300_000;
const mostKept = 200;

export function createWriteRefusals(): WriteRefusals {
  const byUid = new Map<string, Map<string, Kept>>();

  function forgetOld(kept: Map<string, Kept>, now: EpochMs): void {
    for (const [key, { until }] of kept) if (until + forgottenMs < now || kept.size > mostKept) kept.delete(key);
  }

  return {
    refused(uid, refusal, now) {
      let kept = byUid.get(uid);
      if (kept === undefined) byUid.set(uid, (kept = new Map()));
      forgetOld(kept, now);
      const key = keyOf(refusal);
      const before = kept.get(key);
      const count = (before?.count ?? 0) + 1;
      kept.set(key, { refusal, count, until: now + backOffMs(count, patientBackOff) });
      return before?.refusal.message !== refusal.message;
    },
    accepted(uid, write) {
      const kept = byUid.get(uid);
      if (kept?.delete(keyOf(write)) === true && kept.size === 0) byUid.delete(uid);
    },
    of(uid, now) {
      const refusals = [...(byUid.get(uid)?.values() ?? [])].filter(({ until }) => until > now);
      return refusals.length === 0 ? {} : { refusals: refusals.map(({ refusal }) => refusal) };
    },
    againAt(uid, now) {
      const moments = [...(byUid.get(uid)?.values() ?? [])].map(({ until }) => until).filter((at) => at > now);
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
    forget: (uid) => void byUid.delete(uid),
  };
}
