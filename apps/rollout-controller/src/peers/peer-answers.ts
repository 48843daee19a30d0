import type { EpochMs } from '@sluice/engine';
import { backOffMs, patientBackOff } from '@sluice/kube';
import type { Known } from '../assemble/snapshot.ts';

export type PeerKind = 'analysis' | 'experiments';

/**
 * What the analysis-runner and the experiment-manager have answered, and what no cache therefore holds. Kept by the uid of the Rollout; a controller that starts anew
 * asks again.
 */
export interface PeerAnswers {
  /** It could not do what it was asked for. Left alone until the moment that is returned: 1 s after the first failure, doubling to 30 s. */
  failed(uid: string, peer: PeerKind, message: string, now: EpochMs): EpochMs;
  answered(uid: string, peer: PeerKind): void;
  /** An object of this name belongs to somebody else. */
  taken(uid: string, name: string): void;
  /** Whether it may be asked now. */
  mayAsk(uid: string, peer: PeerKind, now: EpochMs): boolean;
  /** What belongs into a snapshot taken now. */
  of(uid: string, now: EpochMs): Pick<Known, 'unreachable' | 'takenRunNames'>;
  againAt(uid: string, now: EpochMs): EpochMs | undefined;
  forget(uid: string): void;
}

interface Failure {
  readonly message: string;
  readonly until: EpochMs;
  readonly count: number;
}

interface Answers {
  readonly failures: Map<PeerKind, Failure>;
  readonly taken: Set<string>;
}

export function createPeerAnswers(): PeerAnswers {
  const byUid = new Map<string, Answers>();

  function answersOf(uid: string): Answers {
    const existing = byUid.get(uid);
    if (existing !== undefined) return existing;
    const fresh: Answers = { failures: new Map(), taken: new Set() };
    byUid.set(uid, fresh);
    return fresh;
  }
  const failing = (uid: string, peer: PeerKind, now: EpochMs): Failure | undefined => {
    const failure = byUid.get(uid)?.failures.get(peer);
    return failure !== undefined && failure.until > now ? failure : undefined;
  };

  return {
    failed(uid, peer, message, now) {
      const { failures } = answersOf(uid);
      const count = (failures.get(peer)?.count ?? 0) + 1;
      const until = now + backOffMs(count, patientBackOff);
      failures.set(peer, { message, until, count });
      return until;
    },
    answered: (uid, peer) => void byUid.get(uid)?.failures.delete(peer),
    taken: (uid, name) => void answersOf(uid).taken.add(name),
    mayAsk: (uid, peer, now) => failing(uid, peer, now) === undefined,
    of(uid, now) {
      const taken = byUid.get(uid)?.taken;
      const analysis = failing(uid, 'analysis', now)?.message;
      const experiments = failing(uid, 'experiments', now)?.message;
      const isAway = analysis !== undefined || experiments !== undefined;
      return {
        ...(taken?.size ? { takenRunNames: [...taken] } : {}),
        ...(isAway && {
          unreachable: {
            ...(analysis !== undefined && { analysis }),
            ...(experiments !== undefined && { experiments }),
          },
        }),
      };
    },
    againAt(uid, now) {
      const moments = (['analysis', 'experiments'] as const).flatMap((peer) => failing(uid, peer, now)?.until ?? []);
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
    forget: (uid) => void byUid.delete(uid),
  };
}
