import { routersOf } from '@sluice/engine';
import type { EpochMs, RouterProblem } from '@sluice/engine';
import type { Problem } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { checkMessage, configOf } from './messages.ts';
import { restAfter } from './router-memory.ts';

type Check = ReturnType<typeof checkMessage>;

/**
 * What routers say to the configuration of each Rollout. They are asked once for each generation; whoever has found something wrong is asked again, since the
 * objects may come later than the Rollout. What is well once stays so: that an object goes away in mid-update is told by its routes.
 */
export interface Verdicts {
  /** Asks who is to be asked now. A router that cannot be asked has found nothing. */
  ask(rollout: Rollout, signal: AbortSignal): Promise<void>;
  /** For the snapshot. */
  problems(rollout: Rollout): readonly RouterProblem[];
  againAt(rollout: Rollout): EpochMs | undefined;
  wake(rollout: Rollout): void;
  forget(uid: string): void;
}

export interface VerdictsOptions {
  /** Undefined where the router is not installed. */
  readonly validate: (
    rollout: Rollout,
    router: string,
    check: Check,
    signal: AbortSignal,
  ) => Promise<readonly Problem[]> | undefined;
  readonly logger: KubeLogger;
  readonly now: () => EpochMs;
}

/** Somebody has just applied what was missing, and looks at it. */
const longestRestMs = 5_000;

interface Verdict {
  readonly problems: readonly RouterProblem[];
  /** Times in a row that it was not well. */
  readonly failures: number;
  /** Undefined: not at all. */
  readonly askAgainAt: EpochMs | undefined;
}

interface Known {
  readonly generation: number | undefined;
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

export function createVerdicts({ validate, logger, now }: VerdictsOptions): Verdicts {
  const known = new Map<string, Known>();

  const verdictsOf = ({ metadata }: Rollout): ReadonlyMap<string, Verdict> => {
    const found = known.get(metadata.uid ?? '');
    return found !== undefined && found.generation === metadata.generation
      ? found.verdicts
      : new Map<string, Verdict>();
  };

  function remember(rollout: Rollout, router: string, verdict: Verdict): void {
    const { uid = '', generation } = rollout.metadata;
    known.set(uid, { generation, verdicts: new Map([...verdictsOf(rollout), [router, verdict]]) });
  }

  async function askOne(rollout: Rollout, router: string, signal: AbortSignal): Promise<void> {
    const failures = (verdictsOf(rollout).get(router)?.failures ?? 0) + 1;
    const askAgainAt = now() + Math.min(longestRestMs, restAfter(failures));
    try {
      const answer = validate(rollout, router, checkMessage(rollout, router), signal);
      if (answer === undefined) return;
      const problems = (await answer).map(({ path, message }) => ({
        ...{ router, path, message },
        value: valueAt(configOf(rollout, router), path),
      }));
      const isWell = problems.length === 0;
      remember(rollout, router, { problems, failures, askAgainAt: isWell ? undefined : askAgainAt });
    } catch (error) {
      if (signal.aborted) throw error;
      // What it said before is not so any more, and nobody knows what is.
      remember(rollout, router, { problems: [], failures, askAgainAt });
      const { namespace, name } = rollout.metadata;
      logger.info({ rollout: `${namespace}/${name}`, router, error }, 'a traffic router could not look at a Rollout');
    }
  }

  return {
    async ask(rollout, signal) {
      if (rollout.metadata.deletionTimestamp !== undefined) return;
      const due = routersToAsk(rollout).filter((router) => {
        const verdict = verdictsOf(rollout).get(router);
        return verdict === undefined || (verdict.askAgainAt !== undefined && verdict.askAgainAt <= now());
      });
      await Promise.all(due.map((router) => askOne(rollout, router, signal)));
    },
    problems: (rollout) => [...verdictsOf(rollout).values()].flatMap(({ problems }) => problems),
    againAt(rollout) {
      const moments = [...verdictsOf(rollout).values()].flatMap(({ askAgainAt }) => askAgainAt ?? []);
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
    wake(rollout) {
      for (const [router, verdict] of verdictsOf(rollout))
        if (verdict.askAgainAt !== undefined) remember(rollout, router, { ...verdict, askAgainAt: 0 });
    },
    forget: (uid) => void known.delete(uid),
  };
}

/** Those with a field of their own in the manifest. For what stands under `plugins`, a wrong reference is trouble with the routes and no invalid spec. */
function routersToAsk({ spec }: Rollout): readonly string[] {
  const plugins = spec.strategy?.canary?.trafficRouting?.plugins ?? {};
  return routersOf(spec).filter((router) => !Object.hasOwn(plugins, router));
}

/** What stands at a path such as `stableIngresses[1]` or `virtualService.name`; null where nothing does. */
export function valueAt(config: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Readonly<Record<string, unknown>>)[part]
          : null,
      config,
    );
}
