import type { EpochMs } from '@sluice/engine';
import { backOffMs, patientBackOff } from '@sluice/kube';
import type { Known } from './snapshot.ts';

/**
 * What the API server has answered to creations of ReplicaSets, and what no cache therefore holds: that a template is invalid, that a
 * creation failed for another reason, that a name is taken. Kept by the uid of the Rollout; a controller that starts anew learns it again.
 */
export interface CreationAnswers {
  /** 422: the template with this hash is invalid. */
  refused(uid: string, hash: string, message: string, now: EpochMs): void;
  /** Quota, webhook, anything else. Not tried again before the moment that is returned: 1 s after the first failure, doubling to 30 s. */
  failed(uid: string, hash: string, message: string, now: EpochMs): EpochMs;
  /** A ReplicaSet of this name exists that is not ours. */
  taken(uid: string, name: string): void;
  /** A creation succeeded. */
  created(uid: string): void;
  /** The Rollout is gone. */
  forget(uid: string): void;
  /** What belongs into a snapshot taken now. */
  of(uid: string, now: EpochMs): Known;
  /** When the answers allow another try. */
  againAt(uid: string, now: EpochMs): EpochMs | undefined;
}

interface Answer {
  readonly hash: string;
  readonly message: string;
  readonly until: EpochMs;
}

interface Answers {
  refusal?: Answer | undefined;
  failure?: Answer | undefined;
  failures: number;
  readonly taken: Set<string>;
}

// An invalid template stays invalid until it changes, but a webhook or a newer server may judge otherwise one day.
const refusalMs = 15 * 60_000;

export function createCreationAnswers(): CreationAnswers {
  const byUid = new Map<string, Answers>();

  function answersOf(uid: string): Answers {
    const existing = byUid.get(uid);
    if (existing !== undefined) return existing;
    const fresh: Answers = { failures: 0, taken: new Set() };
    byUid.set(uid, fresh);
    return fresh;
  }

  return {
    refused(uid, hash, message, now) {
      answersOf(uid).refusal = { hash, message, until: now + refusalMs };
    },
    failed(uid, hash, message, now) {
      const answers = answersOf(uid);
      answers.failures += 1;
      const until = now + backOffMs(answers.failures, patientBackOff);
      answers.failure = { hash, message, until };
      return until;
    },
    taken: (uid, name) => void answersOf(uid).taken.add(name),
    created(uid) {
      const answers = byUid.get(uid);
      if (answers === undefined) return;
      answers.refusal = undefined;
      answers.failure = undefined;
      answers.failures = 0;
    },
    forget: (uid) => void byUid.delete(uid),
    of(uid, now) {
      const answers = byUid.get(uid);
      if (answers === undefined) return {};
      const { taken, refusal, failure } = answers;
      return {
        ...(taken.size === 0 ? {} : { takenNames: [...taken] }),
        ...(refusal === undefined || refusal.until <= now
          ? {}
          : { templateRefusal: { hash: refusal.hash, message: refusal.message } }),
        ...(failure === undefined || failure.until <= now
          ? {}
          : { createFailure: { hash: failure.hash, message: failure.message } }),
      };
    },
    againAt(uid, now) {
      const answers = byUid.get(uid);
      const moments = [answers?.refusal?.until, answers?.failure?.until].filter((at) => at !== undefined && at > now);
      return moments.length === 0 ? undefined : Math.min(...(moments as EpochMs[]));
    },
  };
}
