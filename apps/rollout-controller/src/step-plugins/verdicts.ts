import type { EpochMs, StepPluginProblem } from '@sluice/engine';
import type { Problem } from '@sluice/contracts';
import { backOffMs } from '@sluice/kube';
import type { KubeLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { rolloutRef } from '../routers/messages.ts';
import { valueAt } from '../routers/verdicts.ts';
import { settlesWithin } from './patience.ts';

interface Check {
  readonly rollout: ReturnType<typeof rolloutRef>;
  readonly configJson: string;
}

/**
 * What step plugins say to the configurations of each Rollout's steps. Each is asked once for each configuration; whoever has refused one, or could not be asked, is asked
 * again. What is well once stays so.
 */
export interface StepVerdicts {
  /** Asks who is to be asked now. A plugin that does not answer has found nothing, and is not waited for: `onAnswer` tells when it has. */
  ask(rollout: Rollout, signal: AbortSignal): Promise<void>;
  /** For the snapshot. */
  problems(rollout: Rollout): readonly StepPluginProblem[];
  /** When somebody is to be asked again. */
  moments(rollout: Rollout): readonly EpochMs[];
  wake(rollout: Rollout, names: readonly string[]): void;
  forget(uid: string): void;
}

export interface StepVerdictsOptions {
  /** Undefined where the plugin is not installed. */
  readonly validate: (
    rollout: Rollout,
    name: string,
    check: Check,
    signal: AbortSignal,
  ) => Promise<readonly Problem[]> | undefined;
  readonly logger: KubeLogger;
  readonly now: () => EpochMs;
  readonly onAnswer: (rollout: Rollout) => void;
  readonly waitMs: number;
}

interface Verdict {
  readonly name: string;
  readonly problems: readonly Problem[];
  /** Times in a row that it was not well. */
  readonly failures: number;
  /** Undefined: not at all, or it is being asked. */
  readonly askAgainAt: EpochMs | undefined;
}

/** A plugin may be mended meanwhile; the manifest is another configuration when it is. */
const again = { firstMs: 1_000, longestMs: 30_000 };

interface Asked {
  readonly index: number;
  readonly name: string;
  readonly config: unknown;
  /** The same for the same plugin and configuration. */
  readonly key: string;
}

const stepsOf = ({ spec }: Rollout): readonly Asked[] =>
  (spec.strategy?.canary?.steps ?? []).flatMap(({ plugin }, index) =>
    plugin?.name
      ? [{ index, name: plugin.name, config: plugin.config, key: JSON.stringify([plugin.name, plugin.config ?? {}]) }]
      : [],
  );

export function createStepVerdicts({ validate, logger, now, onAnswer, waitMs }: StepVerdictsOptions): StepVerdicts {
  const known = new Map<string, Map<string, Verdict>>();

  /** Of the configurations that stand in the spec now. */
  function verdictsOf(rollout: Rollout): Map<string, Verdict> {
    const { uid = '' } = rollout.metadata;
    const verdicts = known.get(uid) ?? new Map<string, Verdict>();
    const keys = new Set(stepsOf(rollout).map(({ key }) => key));
    for (const key of verdicts.keys()) if (!keys.has(key)) verdicts.delete(key);
    if (keys.size > 0) known.set(uid, verdicts);
    else known.delete(uid);
    return verdicts;
  }

  async function askOne(rollout: Rollout, { name, config, key }: Asked, signal: AbortSignal): Promise<void> {
    const verdicts = verdictsOf(rollout);
    const before = verdicts.get(key);
    const failures = (before?.failures ?? 0) + 1;
    const remember = (problems: readonly Problem[], askAgainAt: EpochMs | undefined): void =>
      void verdicts.set(key, { name, problems, failures, askAgainAt });
    const answer = validate(
      rollout,
      name,
      { rollout: rolloutRef(rollout), configJson: JSON.stringify(config ?? {}) },
      signal,
    );
    if (answer === undefined) return void verdicts.delete(key);
    remember(before?.problems ?? [], undefined);
    try {
      const problems = await answer;
      remember(problems, problems.length === 0 ? undefined : now() + backOffMs(failures, again));
    } catch (error) {
      remember([], now() + backOffMs(failures, again));
      if (signal.aborted) return;
      const { namespace, name: of } = rollout.metadata;
      logger.info(
        { rollout: `${namespace}/${of}`, plugin: name, error },
        'a step plugin could not look at its configuration',
      );
    }
  }

  return {
    async ask(rollout, signal) {
      if (rollout.metadata.deletionTimestamp !== undefined) return;
      const verdicts = verdictsOf(rollout);
      const isDue = ({ key }: Asked): boolean => {
        const verdict = verdicts.get(key);
        return verdict === undefined || (verdict.askAgainAt !== undefined && verdict.askAgainAt <= now());
      };
      const due = new Map(stepsOf(rollout).flatMap((step) => (isDue(step) ? [[step.key, step]] : [])));
      if (due.size === 0) return;
      const all = Promise.all([...due.values()].map((step) => askOne(rollout, step, signal)));
      if (await settlesWithin(waitMs, all)) return;
      void all.then(() => {
        if (!signal.aborted && known.get(rollout.metadata.uid ?? '') === verdicts) onAnswer(rollout);
      });
    },
    problems(rollout) {
      const verdicts = known.get(rollout.metadata.uid ?? '');
      return stepsOf(rollout).flatMap(({ index, key, config }) =>
        (verdicts?.get(key)?.problems ?? []).map(({ path, message }) => ({
          ...{ index, path, message },
          value: valueAt(config, path),
        })),
      );
    },
    moments: (rollout) =>
      [...(known.get(rollout.metadata.uid ?? '')?.values() ?? [])].flatMap(({ askAgainAt }) => askAgainAt ?? []),
    wake(rollout, names) {
      const verdicts = known.get(rollout.metadata.uid ?? '');
      for (const [key, verdict] of verdicts ?? [])
        if (names.includes(verdict.name) && verdict.askAgainAt !== undefined)
          verdicts?.set(key, { ...verdict, askAgainAt: 0 });
    },
    forget: (uid) => void known.delete(uid),
  };
}
