import type { Capabilities, EpochMs, RolloutSnapshot, StepPluginAnswer, StepPluginCall } from '@sluice/engine';
import { backOffMs, patientBackOff } from '@sluice/kube';
import type { KubeLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { isPluginCallError } from '@sluice/plugin-host';
import type { PluginHost, StepClient } from '@sluice/plugin-host';
import type { CallContext } from '../routers/routers.ts';
import { answerOf, callPlugin } from './calls.ts';
import { settlesWithin } from './patience.ts';
import { createStepVerdicts } from './verdicts.ts';

/** The step plugins of this installation, and what each has answered that no status may tell yet. */
export interface StepPlugins {
  /** What this Rollout can have. */
  capabilities(rollout: Rollout): Pick<Capabilities, 'stepPlugins'>;
  /** For the snapshot. */
  observations(rollout: Rollout): NonNullable<RolloutSnapshot['stepPlugins']>;
  /** Asks whether the configuration of each step can be used, where that is not known. Soon goes on without the answer. */
  validate(rollout: Rollout, signal: AbortSignal): Promise<void>;
  /**
   * Calls one plugin. Its answer, also that there is none, is in the next snapshot. `resting`: it was not asked now, or it has not answered yet, and `onAnswer` tells
   * when it has: a plugin that is slow does not keep its Rollout waiting. A further call for the same step takes the place of one that is under way.
   */
  call(rollout: Rollout, call: StepPluginCall, context: CallContext): Promise<'asked' | 'resting'>;
  /** Makes a call for a Rollout that is gone, of which nothing is remembered. Throws where it has to be made again. */
  callForGone(rollout: Rollout, call: StepPluginCall, context: CallContext): Promise<StepPluginAnswer>;
  /** When a plugin that did not answer may be asked again. */
  againAt(rollout: Rollout): EpochMs | undefined;
  /** These plugins may be asked again at once. */
  wake(rollout: Rollout, names: readonly string[]): void;
  forget(uid: string): void;
}

export interface StepPluginsOptions {
  readonly host: Pick<PluginHost, 'step'>;
  readonly logger: KubeLogger;
  readonly now: () => EpochMs;
  /** Something that was not waited for any more has been answered. */
  readonly onAnswer: (rollout: Rollout) => void;
  /** How long a turn waits for an answer: 250 ms. Most plugins answer sooner, and what they say is stored in one go then. */
  readonly waitMs?: number | undefined;
}

/** A plugin is left alone until then; without a reason it was only busy with others. */
interface Rest {
  readonly until: EpochMs;
  readonly failures: number;
  readonly reason?: string;
}

/** All of it may be lost: a call that is repeated with the same key gets the same answer. */
interface Memory {
  /** The last answer for each step and operation, with the key of its call. */
  readonly answers: Map<string, { readonly key: string; readonly answer: StepPluginAnswer }>;
  readonly rests: Map<string, Rest>;
  /** By step. */
  readonly underWay: Map<number, { readonly key: string; readonly stop: AbortController }>;
}

const busyRestMs = 100;

/** Names of the plugins that a Rollout has steps for, or that have something to end for it. */
export const stepPluginsOf = ({ spec, status }: Rollout): readonly string[] => [
  ...new Set([
    ...(spec.strategy?.canary?.steps ?? []).flatMap(({ plugin }) => (plugin?.name ? [plugin.name] : [])),
    ...(status?.canary?.stepPluginStatuses ?? []).map(({ name }) => name),
  ]),
];

export function createStepPlugins({ host, logger, now, onAnswer, waitMs = 250 }: StepPluginsOptions): StepPlugins {
  const memories = new Map<string, Memory>();

  function memoryOf({ metadata: { uid = '' } }: Rollout): Memory {
    const known = memories.get(uid) ?? { answers: new Map(), rests: new Map(), underWay: new Map() };
    memories.set(uid, known);
    return known;
  }

  const clientFor = (rollout: Rollout, name: string): StepClient | undefined =>
    host.step(name, rollout.metadata.namespace ?? '');

  function rest(rollout: Rollout, name: string, reason: string): void {
    const { rests } = memoryOf(rollout);
    const failures = (rests.get(name)?.failures ?? 0) + 1;
    rests.set(name, { until: now() + backOffMs(failures, patientBackOff), failures, reason });
  }

  function noted(rollout: Rollout, { index, operation, key, name }: StepPluginCall, answer: StepPluginAnswer): 'asked' {
    const { answers, rests } = memoryOf(rollout);
    answers.set(`${index}/${operation}`, { key, answer });
    rests.delete(name);
    return 'asked';
  }

  function failed(rollout: Rollout, call: StepPluginCall, error: unknown): 'asked' | 'resting' {
    if (isPluginCallError(error) && error.notSent) {
      const { rests } = memoryOf(rollout);
      rests.set(call.name, { failures: 0, ...rests.get(call.name), until: now() + busyRestMs });
      return 'resting';
    }
    const message = error instanceof Error ? error.message : String(error);
    const { namespace, name } = rollout.metadata;
    logger.warn(
      { rollout: `${namespace}/${name}`, plugin: call.name, method: call.method, error },
      'a step plugin did not do what it was asked',
    );
    if (!isAway(error)) return noted(rollout, call, { at: now(), phase: 'Error', message });
    rest(rollout, call.name, message);
    return 'asked';
  }

  async function ask(rollout: Rollout, call: StepPluginCall, context: CallContext): Promise<StepPluginAnswer> {
    const client = clientFor(rollout, call.name);
    if (client === undefined) throw new Error(`step plugin "${call.name}" is not installed any more`);
    return answerOf(await callPlugin(client, rollout, call, context), now());
  }

  async function begin(
    rollout: Rollout,
    call: StepPluginCall,
    { signal, ...context }: CallContext,
  ): Promise<'asked' | 'resting'> {
    const { underWay } = memoryOf(rollout);
    const own = { key: call.key, stop: new AbortController() };
    underWay.get(call.index)?.stop.abort(new Error('another call has taken its place'));
    underWay.set(call.index, own);
    const within = AbortSignal.any([signal, own.stop.signal]);
    try {
      return noted(rollout, call, await ask(rollout, call, { ...context, signal: within }));
    } catch (error) {
      if (signal.aborted) throw error;
      return own.stop.signal.aborted ? 'resting' : failed(rollout, call, error);
    } finally {
      if (underWay.get(call.index) === own) underWay.delete(call.index);
    }
  }

  const verdicts = createStepVerdicts({
    validate(rollout, name, check, signal) {
      const client = clientFor(rollout, name);
      return client?.isDisabled ? undefined : client?.validate(check, { signal });
    },
    logger,
    now,
    onAnswer,
    waitMs,
  });

  return {
    capabilities: (rollout) => ({
      stepPlugins: stepPluginsOf(rollout).filter((name) => clientFor(rollout, name)),
    }),
    observations(rollout) {
      const memory = memories.get(rollout.metadata.uid ?? '');
      const resting = [...(memory?.rests ?? [])].filter(([, { until }]) => until > now());
      return {
        answers: Object.fromEntries([...(memory?.answers.values() ?? [])].map(({ key, answer }) => [key, answer])),
        away: Object.fromEntries(
          resting.flatMap(([name, { reason }]) => (reason === undefined ? [] : [[name, reason]])),
        ),
        disabled: stepPluginsOf(rollout).filter((name) => clientFor(rollout, name)?.isDisabled),
        problems: verdicts.problems(rollout),
      };
    },
    validate: verdicts.ask,
    async call(rollout, call, context) {
      const { rests, underWay } = memoryOf(rollout);
      const isResting = (rests.get(call.name)?.until ?? 0) > now();
      if (isResting || underWay.get(call.index)?.key === call.key) return 'resting';
      const outcome = begin(rollout, call, context);
      if (await settlesWithin(waitMs, outcome)) return await outcome;
      const tell = (): void => {
        if (!context.signal.aborted && memories.has(rollout.metadata.uid ?? '')) onAnswer(rollout);
      };
      outcome.then(tell, tell);
      return 'resting';
    },
    callForGone: ask,
    againAt(rollout) {
      const rests = memories.get(rollout.metadata.uid ?? '')?.rests.values() ?? [];
      const moments = [...[...rests].map(({ until }) => until), ...verdicts.moments(rollout)];
      const coming = moments.filter((until) => until > now());
      return coming.length > 0 ? Math.min(...coming) : undefined;
    },
    wake(rollout, names) {
      for (const name of names) memories.get(rollout.metadata.uid ?? '')?.rests.delete(name);
      verdicts.wake(rollout, names);
    },
    forget(uid) {
      for (const { stop } of memories.get(uid)?.underWay.values() ?? [])
        stop.abort(new Error('nothing is remembered of the Rollout any more'));
      memories.delete(uid);
      verdicts.forget(uid);
    },
  };
}

/** Nothing was said about the step: it is asked for again. Whatever else goes wrong is the plugin's answer. */
const isAway = (error: unknown): boolean =>
  !isPluginCallError(error) || error.retryable || error.outage || error.unreached || error.code === 'Conflict';
