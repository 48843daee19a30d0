import { routersOf } from '@sluice/engine';
import type { EpochMs, ReleaseAnswer } from '@sluice/engine';
import type { KubeLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { isPluginCallError } from '@sluice/plugin-host';
import { restAfter } from './router-memory.ts';
import type { CallContext } from './routers.ts';

/** What routers said to giving back what they hold for Rollouts that name no router any more. All of it may be lost: then they are asked again. */
export interface GiveBack {
  /** The Rollout names routers now: which ones, and with what, is what will have to be given back. */
  named(rollout: Rollout): void;
  /** For the snapshot. */
  answers(rollout: Rollout): Readonly<Record<string, ReleaseAnswer>>;
  ask(rollout: Rollout, routers: readonly string[], context: CallContext): Promise<'asked' | 'resting'>;
  /** When a router that did not give back what it holds is asked again. */
  againAt(rollout: Rollout): EpochMs | undefined;
  /** These routers may be asked again at once. */
  wake(rollout: Rollout, routers: readonly string[]): void;
  forget(uid: string): void;
}

export interface GiveBackOptions {
  readonly release: (rollout: Rollout, routers: readonly string[], context: CallContext) => Promise<void>;
  readonly logger: KubeLogger;
  readonly now: () => EpochMs;
}

interface Asked {
  readonly answer: ReleaseAnswer | undefined;
  readonly failures: number;
  readonly restUntil: EpochMs;
}

const unasked: Asked = { answer: undefined, failures: 0, restUntil: 0 };
const released: Asked = { answer: 'released', failures: 0, restUntil: 0 };

export function createGiveBack({ release, logger, now }: GiveBackOptions): GiveBack {
  const formers = new Map<string, Rollout>();
  const asked = new Map<string, Map<string, Asked>>();

  const uidOf = ({ metadata }: Rollout): string => metadata.uid ?? '';
  const known = (rollout: Rollout): ReadonlyMap<string, Asked> => asked.get(uidOf(rollout)) ?? new Map<string, Asked>();

  function remember(rollout: Rollout, router: string, what: Asked): void {
    asked.set(uidOf(rollout), new Map([...known(rollout), [router, what]]));
  }

  /** As it was when it named the router, with the split that it has now. Undefined when it is known not to have named it. */
  function formerOf(rollout: Rollout, router: string): Rollout | undefined {
    const former = formers.get(uidOf(rollout));
    if (former === undefined) return rollout;
    return routersOf(former.spec).includes(router) ? { ...rollout, spec: former.spec } : undefined;
  }

  function failed(rollout: Rollout, router: string, error: unknown): void {
    const { failures, answer } = known(rollout).get(router) ?? unasked;
    if (isPluginCallError(error) && error.notSent)
      return remember(rollout, router, { answer, failures, restUntil: now() + restAfter('busy') });
    logger.warn(
      { rollout: `${rollout.metadata.namespace}/${rollout.metadata.name}`, router, error },
      'a traffic router has not given back its routes; it is asked again',
    );
    const reason = error instanceof Error ? error.message : String(error);
    const restUntil = now() + restAfter(failures + 1);
    remember(rollout, router, { answer: { reason }, failures: failures + 1, restUntil });
  }

  return {
    named(rollout) {
      formers.set(uidOf(rollout), rollout);
      asked.delete(uidOf(rollout));
    },
    answers: (rollout) =>
      Object.fromEntries(
        [...known(rollout)].flatMap(([router, { answer }]) => (answer === undefined ? [] : [[router, answer]])),
      ),
    async ask(rollout, routers, context) {
      let outcome: 'asked' | 'resting' = 'resting';
      for (const router of routers) {
        const before = known(rollout).get(router) ?? unasked;
        if (before.answer === 'released' || before.restUntil > now()) continue;
        outcome = 'asked';
        const former = formerOf(rollout, router);
        try {
          if (former !== undefined) await release(former, [router], context);
          remember(rollout, router, released);
        } catch (error) {
          if (context.signal.aborted) throw error;
          failed(rollout, router, error);
        }
      }
      return outcome;
    },
    againAt(rollout) {
      const rests = [...known(rollout).values()].filter(({ answer }) => answer !== 'released');
      return rests.length === 0 ? undefined : Math.min(...rests.map(({ restUntil }) => restUntil));
    },
    wake(rollout, routers) {
      for (const [router, what] of known(rollout))
        if (routers.includes(router)) remember(rollout, router, { ...what, restUntil: 0 });
    },
    forget(uid) {
      formers.delete(uid);
      asked.delete(uid);
    },
  };
}
