import type {
  Capabilities,
  EpochMs,
  RolloutSnapshot,
  StepPluginAnswer,
  StepPluginCall,
  StepPluginPhase,
} from '@sluice/engine';
import type { StepPhase, StepResult } from '@sluice/contracts';
import { backOffMs, patientBackOff } from '@sluice/kube';
import type { KubeLogger } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import { isPluginCallError } from '@sluice/plugin-host';
import type { PluginHost, StepClient } from '@sluice/plugin-host';
import { rolloutRef } from '../routers/messages.ts';
import type { CallContext } from '../routers/routers.ts';

/** The step plugins of this installation, and what each has answered that no status may tell yet. */
export interface StepPlugins {
  /** What this Rollout can have. */
  capabilities(rollout: Rollout): Pick<Capabilities, 'stepPlugins'>;
  /** For the snapshot. */
  observations(rollout: Rollout): NonNullable<RolloutSnapshot['stepPlugins']>;
  /** Calls one plugin. Its answer, also that there is none, is in the next snapshot; `resting`: it was not asked now. */
  call(rollout: Rollout, call: StepPluginCall, context: CallContext): Promise<'asked' | 'resting'>;
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
}

const busyRestMs = 100;

/** Names of the plugins that a Rollout has steps for. */
export const stepPluginsOf = ({ spec }: Rollout): readonly string[] => [
  ...new Set((spec.strategy?.canary?.steps ?? []).flatMap(({ plugin }) => (plugin?.name ? [plugin.name] : []))),
];

export function createStepPlugins({ host, logger, now }: StepPluginsOptions): StepPlugins {
  const memories = new Map<string, Memory>();

  function memoryOf({ metadata: { uid = '' } }: Rollout): Memory {
    const known = memories.get(uid) ?? { answers: new Map(), rests: new Map() };
    memories.set(uid, known);
    return known;
  }

  function rest(rollout: Rollout, name: string, reason: string): void {
    const { rests } = memoryOf(rollout);
    const failures = (rests.get(name)?.failures ?? 0) + 1;
    const until = now() + backOffMs(failures, patientBackOff);
    rests.set(name, { until, failures, reason });
  }

  function noted(rollout: Rollout, { index, operation, key, name }: StepPluginCall, answer: StepPluginAnswer): void {
    const { answers, rests } = memoryOf(rollout);
    answers.set(`${index}/${operation}`, { key, answer });
    rests.delete(name);
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
    if (isAway(error)) rest(rollout, call.name, message);
    else noted(rollout, call, { at: now(), phase: 'Error', message });
    return 'asked';
  }

  return {
    capabilities: (rollout) => ({
      stepPlugins: stepPluginsOf(rollout).filter((name) => host.step(name, rollout.metadata.namespace ?? '')),
    }),
    observations(rollout) {
      const memory = memories.get(rollout.metadata.uid ?? '');
      const resting = [...(memory?.rests ?? [])].filter(([, { until }]) => until > now());
      return {
        answers: Object.fromEntries([...(memory?.answers.values() ?? [])].map(({ key, answer }) => [key, answer])),
        away: Object.fromEntries(
          resting.flatMap(([name, { reason }]) => (reason === undefined ? [] : [[name, reason]])),
        ),
      };
    },
    async call(rollout, call, { epoch, signal }) {
      if ((memoryOf(rollout).rests.get(call.name)?.until ?? 0) > now()) return 'resting';
      try {
        const client = host.step(call.name, rollout.metadata.namespace ?? '');
        if (client === undefined) throw new Error(`step plugin "${call.name}" is not installed any more`);
        const result = await ask(client, rollout, call, { epoch, signal, key: call.key });
        noted(rollout, call, answerOf(result, now()));
        return 'asked';
      } catch (error) {
        if (signal.aborted) throw error;
        return failed(rollout, call, error);
      }
    },
    againAt(rollout) {
      const rests = memories.get(rollout.metadata.uid ?? '')?.rests.values() ?? [];
      const moments = [...rests].map(({ until }) => until).filter((until) => until > now());
      return moments.length > 0 ? Math.min(...moments) : undefined;
    },
    wake(rollout, names) {
      for (const name of names) memories.get(rollout.metadata.uid ?? '')?.rests.delete(name);
    },
    forget: (uid) => void memories.delete(uid),
  };
}

/** Nothing was said about the step: it is asked for again. Whatever else goes wrong is the plugin's answer. */
const isAway = (error: unknown): boolean =>
  !isPluginCallError(error) || error.retryable || error.outage || error.unreached || error.code === 'Conflict';

function ask(
  client: StepClient,
  rollout: Rollout,
  { index, revision, method, config, status }: StepPluginCall,
  options: { readonly epoch: number; readonly signal: AbortSignal; readonly key: string },
): Promise<StepResult> {
  const step = {
    rollout: rolloutRef(rollout),
    revision,
    stepIndex: index,
    configJson: JSON.stringify(config ?? {}),
    stateJson: status === undefined ? '' : JSON.stringify(status),
  };
  switch (method) {
    case 'Run':
      return client.run(step, options);
    case 'Poll':
      return client.poll(step, { signal: options.signal });
    case 'Terminate':
      return client.terminate(step, options);
    case 'Abort':
      return client.abort(step, options);
  }
}

const phases: Readonly<Partial<Record<StepPhase, StepPluginPhase>>> = {
  PHASE_RUNNING: 'Running',
  PHASE_SUCCESSFUL: 'Successful',
  PHASE_FAILED: 'Failed',
  PHASE_ERROR: 'Error',
};

function answerOf({ phase, message, stateJson, pollAfterMs }: StepResult, at: EpochMs): StepPluginAnswer {
  const said = phases[phase];
  const answer = { at, message, pollAfterMs, ...(said !== undefined && { phase: said }) };
  if (stateJson === '') return answer;
  try {
    return { ...answer, status: JSON.parse(stateJson) as unknown };
  } catch (error) {
    return { at, phase: 'Error', message: `the state that the plugin answered is not JSON: ${String(error)}` };
  }
}
