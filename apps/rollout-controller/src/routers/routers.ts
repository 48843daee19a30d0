import { recordedShare, routersOf } from '@sluice/engine';
import type {
  Capabilities,
  EpochMs,
  EventIntent,
  ReleaseAnswer,
  RouterObservation,
  RouterProblem,
  TrafficIntent,
} from '@sluice/engine';
import type { TrafficObservation } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { isPluginCallError } from '@sluice/plugin-host';
import type { PluginHost } from '@sluice/plugin-host';
import type { ActionOf } from '../execute/execution.ts';
import { createGiveBack } from './give-back.ts';
import { intentMessage, releaseMessage, verificationOf } from './messages.ts';
import { createVerdicts } from './verdicts.ts';
import { answered, busy, failed, hasDrifted, lookAgainAt, rewritten, unknownRouter } from './router-memory.ts';
import type { RouterMemory } from './router-memory.ts';

export interface CallContext {
  readonly epoch: number;
  readonly signal: AbortSignal;
  record(event: EventIntent): void;
}

/** The traffic routers of this installation, and what each was last seen to route for each Rollout. */
export interface Routers {
  /** What Rollouts of this namespace can have. */
  capabilities(namespace: string, rollout: Rollout): Pick<Capabilities, 'routers'>;
  /** For the snapshot. */
  observations(rollout: Rollout): Readonly<Record<string, RouterObservation>>;
  /** Asks or tells one router. Its answer, also a failure, is in the next snapshot; `resting`: it was not asked now. */
  call(rollout: Rollout, action: ActionOf<'ApplyTraffic'>, context: CallContext): Promise<'asked' | 'resting'>;
  /** Gives back what routers hold for this Rollout. Throws when one that is installed does not. */
  release(rollout: Rollout, routers: readonly string[], context: CallContext): Promise<void>;
  /** The same for a Rollout that names no router any more. What each said, also a failure, is in the next snapshot. */
  giveBack(rollout: Rollout, routers: readonly string[], context: CallContext): Promise<'asked' | 'resting'>;
  /** Asks routers whether the Rollout can be routed, where that is not known. */
  validate(rollout: Rollout, signal: AbortSignal): Promise<void>;
  /** For the snapshot: what they found. */
  problems(rollout: Rollout): readonly RouterProblem[];
  /** For the snapshot: what they said. */
  releases(rollout: Rollout): Readonly<Record<string, ReleaseAnswer>>;
  /** Looks again at routes that nobody has looked at for a while; true when something was found to be different. */
  lookAgain(rollout: Rollout, signal: AbortSignal): Promise<void>;
  /** When a router of this Rollout should be asked or looked at again. */
  againAt(rollout: Rollout): EpochMs | undefined;
  /** These routers may be asked again at once. */
  wake(rollout: Rollout, routers: readonly string[]): void;
  forget(uid: string): void;
}

export interface RoutersOptions {
  readonly host: Pick<PluginHost, 'router' | 'list'>;
  readonly logger: KubeLogger;
  readonly now: () => EpochMs;
  /** Routes are looked at at least so often, so that other writers are noticed: 30 s. */
  readonly lookEveryMs?: number | undefined;
}

const defaultLookEveryMs = 30_000;

const recordedWeight = ({ status }: Rollout, { maxWeight }: TrafficIntent): number =>
  recordedShare(status?.canary?.weights, maxWeight);

export function createRouters({ host, logger, now, lookEveryMs = defaultLookEveryMs }: RoutersOptions): Routers {
  const memories = new Map<string, Map<string, RouterMemory>>();

  const memoryOf = (rollout: Rollout, router: string): RouterMemory =>
    memories.get(rollout.metadata.uid ?? '')?.get(router) ?? unknownRouter;

  function remember(rollout: Rollout, router: string, memory: RouterMemory): void {
    const uid = rollout.metadata.uid ?? '';
    const known = memories.get(uid) ?? new Map<string, RouterMemory>();
    known.set(router, memory);
    memories.set(uid, known);
  }

  function observedBy(
    rollout: Rollout,
    router: string,
    intent: TrafficIntent,
    answer: TrafficObservation,
  ): RouterMemory {
    const before = memoryOf(rollout, router);
    const observation = {
      kind: 'observed' as const,
      intent,
      inSync: answer.inSync,
      canaryWeight: answer.canaryWeight,
      verification: verificationOf(answer),
      ...(answer.detail && { detail: answer.detail }),
      ...(answer.foreignWriter && { foreignWriter: answer.foreignWriter }),
    };
    const memory = answered(before, observation, now(), recordedWeight(rollout, intent));
    return hasDrifted(before.observation, observation) ? rewritten(memory, now()) : memory;
  }

  function failedBy(rollout: Rollout, router: string, intent: TrafficIntent, error: unknown): RouterMemory {
    const reason = isPluginCallError(error) ? error.message : String(error);
    logger.warn(
      { rollout: `${rollout.metadata.namespace}/${rollout.metadata.name}`, router, error },
      'a traffic router did not do what it was asked',
    );
    return failed(memoryOf(rollout, router), intent, reason, now(), recordedWeight(rollout, intent));
  }

  const clientFor = (rollout: Rollout, router: string) => host.router(router, rollout.metadata.namespace ?? '');

  /** Other rollouts wait for the router: it has not been asked, so nothing is known that was not known before. */
  function isPutOff(rollout: Rollout, router: string, error: unknown): boolean {
    if (!isPluginCallError(error) || !error.notSent) return false;
    remember(rollout, router, busy(memoryOf(rollout, router), now()));
    return true;
  }

  async function ask(
    rollout: Rollout,
    router: string,
    intent: TrafficIntent,
    { signal, record }: Pick<CallContext, 'signal'> & Partial<CallContext>,
  ): Promise<'asked' | 'resting'> {
    const client = clientFor(rollout, router);
    try {
      if (!client) throw new Error(`traffic router "${router}" is not installed any more`);
      const answer = await client.observe(intentMessage(rollout, router, intent), { signal });
      remember(rollout, router, observedBy(rollout, router, intent, answer));
    } catch (error) {
      if (signal.aborted) throw error;
      if (isPutOff(rollout, router, error)) return 'resting';
      remember(rollout, router, failedBy(rollout, router, intent, error));
      recordTrouble(record, 'WeightVerifyError', error);
    }
    return 'asked';
  }

  async function tell(
    rollout: Rollout,
    router: string,
    intent: TrafficIntent,
    { epoch, signal, record }: CallContext,
  ): Promise<'asked' | 'resting'> {
    const client = clientFor(rollout, router);
    try {
      if (!client) throw new Error(`traffic router "${router}" is not installed any more`);
      const { observation, events } = await client.apply(intentMessage(rollout, router, intent), { epoch, signal });
      remember(rollout, router, observedBy(rollout, router, intent, observation));
      for (const { warning, reason, message } of events)
        record({ type: warning ? 'Warning' : 'Normal', reason, message });
    } catch (error) {
      if (signal.aborted) throw error;
      if (isPutOff(rollout, router, error)) return 'resting';
      remember(rollout, router, failedBy(rollout, router, intent, error));
      recordTrouble(record, 'TrafficRoutingError', error);
    }
    return 'asked';
  }

  async function release(
    rollout: Rollout,
    routers: readonly string[],
    { epoch, signal, record }: CallContext,
  ): Promise<void> {
    for (const router of routers) {
      const client = clientFor(rollout, router);
      if (!client) continue;
      for (const { warning, reason, message } of await client.release(releaseMessage(rollout, router), {
        epoch,
        signal,
      }))
        record({ type: warning ? 'Warning' : 'Normal', reason, message });
      memories.get(rollout.metadata.uid ?? '')?.delete(router);
    }
  }

  const giveBack = createGiveBack({ release, logger, now });
  const verdicts = createVerdicts({
    validate: (rollout, router, check, signal) => clientFor(rollout, router)?.validate(check, { signal }),
    logger,
    now,
  });

  return {
    capabilities(namespace, rollout) {
      const wanted = routersOf(rollout.spec);
      // A Rollout that names none may still have something to get back, from any of them.
      const names =
        wanted.length > 0
          ? wanted
          : host.list().flatMap(({ type, names }) => (type === 'router' ? names.slice(0, 1) : []));
      return { routers: names.filter((router) => host.router(router, namespace) !== undefined) };
    },
    observations: (rollout) =>
      Object.fromEntries(routersOf(rollout.spec).map((router) => [router, memoryOf(rollout, router).observation])),
    async call(rollout, { router, intent, mode }, context) {
      giveBack.named(rollout);
      if (memoryOf(rollout, router).restUntil > now()) return 'resting';
      return mode === 'observe'
        ? await ask(rollout, router, intent, context)
        : await tell(rollout, router, intent, context);
    },
    release,
    giveBack: giveBack.ask,
    releases: giveBack.answers,
    validate: verdicts.ask,
    problems: verdicts.problems,
    async lookAgain(rollout, signal) {
      for (const router of routersOf(rollout.spec)) {
        const memory = memoryOf(rollout, router);
        const { observation, restUntil } = memory;
        if (observation.kind === 'observed' && lookAgainAt(memory, lookEveryMs) <= now() && restUntil <= now())
          await ask(rollout, router, observation.intent, { signal });
      }
    },
    againAt(rollout) {
      if (routersOf(rollout.spec).length === 0) return giveBack.againAt(rollout);
      const moments = routersOf(rollout.spec).map((router) => {
        const memory = memoryOf(rollout, router);
        if (memory.restUntil > now()) return memory.restUntil;
        return memory.observation.kind === 'observed' ? lookAgainAt(memory, lookEveryMs) : undefined;
      });
      const known = [...moments, verdicts.againAt(rollout)].filter((at) => at !== undefined);
      return known.length > 0 ? Math.min(...known) : undefined;
    },
    wake(rollout, routers) {
      giveBack.wake(rollout, routers);
      verdicts.wake(rollout);
      for (const router of routers) {
        const memory = memories.get(rollout.metadata.uid ?? '')?.get(router);
        if (memory?.observation.kind === 'unavailable') remember(rollout, router, { ...memory, restUntil: 0 });
      }
    },
    forget(uid) {
      memories.delete(uid);
      giveBack.forget(uid);
      verdicts.forget(uid);
    },
  };
}

/** Under the name that the router gives it, where it gives one, and under that of what it kept from being done. */
function recordTrouble(
  record: CallContext['record'] | undefined,
  reason: 'TrafficRoutingError' | 'WeightVerifyError',
  error: unknown,
): void {
  const message = isPluginCallError(error) ? error.message : String(error);
  if (isPluginCallError(error) && error.reason !== undefined)
    record?.({ type: 'Warning', reason: error.reason, message });
  record?.({
    type: 'Warning',
    reason,
    message: reason === 'WeightVerifyError' ? `Failed to verify weight: ${message}` : message,
  });
}
