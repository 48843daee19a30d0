import type { EpochMs, ExperimentAnswers } from '@sluice/engine';
import { backOffMs } from '@sluice/kube';

/**
 * What the API server and the analysis-runner have answered to what was asked of them, and what no cache therefore holds. Kept by the uid of the
 * Experiment; a manager that starts anew asks again and learns the same.
 */
export interface Answers {
  /** A ReplicaSet of this name exists that is not ours. Tried again after a while: it may go. */
  nameTaken(uid: string, name: string, now: EpochMs): void;
  replicaSetRefused(uid: string, template: string, message: string): void;
  serviceRefused(uid: string, template: string, message: string): void;
  runStarted(uid: string, key: string, name: string): void;
  runRefused(uid: string, key: string, message: string): void;
  runnerAway(uid: string, message: string, now: EpochMs): void;
  runnerAnswered(uid: string): void;
  /** The analysis-runner was away a moment ago: it is not asked again yet. */
  runnerRests(uid: string, now: EpochMs): boolean;
  /** The status that follows from the refusals is stored: a retried experiment tries anew. */
  settled(uid: string): void;
  /** It begins (again): runs that were asked for before were for the time before. */
  begins(uid: string): void;
  forget(uid: string): void;
  of(uid: string, now: EpochMs): ExperimentAnswers;
  /** When something is to be tried again. */
  againAt(uid: string, now: EpochMs): EpochMs | undefined;
}

interface Known {
  readonly taken: Map<string, EpochMs>;
  readonly refusedSets: Map<string, string>;
  readonly refusedServices: Map<string, string>;
  readonly started: Map<string, string>;
  readonly refusedRuns: Map<string, string>;
  trouble?: { readonly message: string; readonly until: EpochMs } | undefined;
  failures: number;
}

const takenForMs = 10_000;
const runnerBackOff = { firstMs: 500, longestMs: 10_000 };

export function createAnswers(): Answers {
  const byUid = new Map<string, Known>();

  function known(uid: string): Known {
    const existing = byUid.get(uid);
    if (existing !== undefined) return existing;
    const fresh: Known = {
      taken: new Map(),
      refusedSets: new Map(),
      refusedServices: new Map(),
      started: new Map(),
      refusedRuns: new Map(),
      failures: 0,
    };
    byUid.set(uid, fresh);
    return fresh;
  }

  return {
    nameTaken: (uid, name, now) => void known(uid).taken.set(name, now + takenForMs),
    replicaSetRefused: (uid, template, message) => void known(uid).refusedSets.set(template, message),
    serviceRefused: (uid, template, message) => void known(uid).refusedServices.set(template, message),
    runStarted: (uid, key, name) => void known(uid).started.set(key, name),
    runRefused: (uid, key, message) => void known(uid).refusedRuns.set(key, message),
    runnerAway(uid, message, now) {
      const mine = known(uid);
      mine.failures += 1;
      mine.trouble = { message, until: now + backOffMs(mine.failures, runnerBackOff) };
    },
    runnerAnswered(uid) {
      const mine = byUid.get(uid);
      if (mine === undefined) return;
      mine.trouble = undefined;
      mine.failures = 0;
    },
    runnerRests: (uid, now) => (byUid.get(uid)?.trouble?.until ?? now) > now,
    settled(uid) {
      const mine = byUid.get(uid);
      for (const refusals of [mine?.refusedSets, mine?.refusedServices, mine?.refusedRuns]) refusals?.clear();
    },
    begins: (uid) => void byUid.get(uid)?.started.clear(),
    forget: (uid) => void byUid.delete(uid),
    of(uid, now) {
      const mine = byUid.get(uid);
      if (mine === undefined) return {};
      const taken = [...mine.taken].filter(([, until]) => until > now).map(([name]) => name);
      return {
        ...(taken.length === 0 ? {} : { takenNames: taken }),
        replicaSetFailures: Object.fromEntries(mine.refusedSets),
        serviceFailures: Object.fromEntries(mine.refusedServices),
        startedRuns: Object.fromEntries(mine.started),
        runFailures: Object.fromEntries(mine.refusedRuns),
        ...(mine.trouble === undefined ? {} : { analysisRunnerTrouble: mine.trouble.message }),
      };
    },
    againAt(uid, now) {
      const mine = byUid.get(uid);
      const moments = [...(mine?.taken.values() ?? []), mine?.trouble?.until].filter(
        (at): at is EpochMs => at !== undefined && at > now,
      );
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
  };
}
