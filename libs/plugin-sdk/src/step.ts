import { AbortRequest, RunRequest, StepPhase, StepPluginService, TerminateRequest } from '@sluice/contracts';
import type { Problem, RolloutRef, StepContext, StepPluginServer, StepResult } from '@sluice/contracts';
import { reading, requiredRollout, writing } from './call.ts';
import type { Call, CallRuntime } from './call.ts';
import { configOf, problemsOf } from './configuration.ts';
import type { Json, JsonObject, ReadConfig } from './configuration.ts';
import { describing } from './describe.ts';
import type { Introduction, PluginService } from './describe.ts';
import { PluginError } from './plugin-error.ts';

/** One step of one rollout's canary. */
export interface StepOrder<Config = JsonObject> {
  readonly rollout: RolloutRef;
  readonly revision: number;
  /** Counted from 0. */
  readonly stepIndex: number;
  readonly config: Config;
  /** What the last answer's `state` was; undefined at first. The caller keeps it: a plugin may be restarted at any time. */
  readonly state: Json | undefined;
}

export interface StepAnswer {
  /** `Error` is tried again, `Failed` takes the rollout back. */
  readonly phase: 'Running' | 'Successful' | 'Failed' | 'Error';
  /** For people. */
  readonly message?: string;
  readonly state?: Json;
  /** When to ask again; below 10 s the caller's own pace counts. */
  readonly pollAfterMs?: number;
}

/** A step plugin, as its author writes it. */
export interface Step<Config = JsonObject> {
  /** Without it the configuration is what stands in the manifest. */
  readonly config?: ReadConfig<Config>;
  validate?(check: { readonly rollout: RolloutRef; readonly config: Config }, call: Call): Promise<readonly Problem[]>;
  /**
   * Starts the step. While it runs or has succeeded the SDK answers further calls for the same step by `poll`; after a restart it does not know, so name what is
   * started after rollout, revision and step, and find it again.
   */
  run(order: StepOrder<Config>, call: Call): Promise<StepAnswer>;
  poll(order: StepOrder<Config>, call: Call): Promise<StepAnswer>;
  /** The step is no longer needed. Ends what runs; succeeds when nothing does. Without it there is nothing to end. */
  terminate?(order: StepOrder<Config>, call: Call): Promise<StepAnswer | void>;
  /** The rollout goes back: undoes what the step did; succeeds when there is nothing to undo. */
  abort?(order: StepOrder<Config>, call: Call): Promise<StepAnswer | void>;
}

const phases = {
  Running: StepPhase.RUNNING,
  Successful: StepPhase.SUCCESSFUL,
  Failed: StepPhase.FAILED,
  Error: StepPhase.ERROR,
} as const;

/** Steps that are known to run or to be done, so that they are not started twice. */
interface StartedSteps {
  stateOf(identity: string): string | undefined;
  set(identity: string, stateJson: string): void;
  delete(identity: string): void;
}

/** The gRPC service around a step. */
export function stepService<Config>(
  introduction: Introduction,
  step: Step<Config>,
  runtime: CallRuntime,
): PluginService<StepPluginServer> {
  const read = step.config ?? ((raw: JsonObject) => raw as unknown as Config);
  const started = createStartedSteps();

  async function run(context: StepContext | undefined, call: Call): Promise<StepResult> {
    const order = orderOf(context, read);
    const identity = identityOf(order);
    const before = started.stateOf(identity);
    const answer =
      before === undefined
        ? await step.run(order, call)
        : await step.poll({ ...order, state: stateOf(before) ?? order.state }, call);
    return noted(identity, answer);
  }

  async function poll(context: StepContext | undefined, call: Call): Promise<StepResult> {
    const order = orderOf(context, read);
    return noted(identityOf(order), await step.poll(order, call));
  }

  async function end(context: StepContext | undefined, call: Call, method: 'terminate' | 'abort'): Promise<StepResult> {
    const order = orderOf(context, read);
    const answer = (await step[method]?.(order, call)) ?? { phase: 'Successful' };
    if (answer.phase === 'Running')
      throw new PluginError('Internal', `${method} answered Running: it has to end the step before it answers`);
    // From here on the same step may be started anew: the rollout is tried again.
    started.delete(identityOf(order));
    return resultOf(answer);
  }

  function noted(identity: string, answer: StepAnswer): StepResult {
    const result = resultOf(answer);
    if (answer.phase === 'Running' || answer.phase === 'Successful') started.set(identity, result.stateJson);
    else started.delete(identity);
    return result;
  }

  const implementation: StepPluginServer = {
    describe: describing(introduction, runtime),
    validate: reading(runtime, {
      method: 'Validate',
      rollout: (request) => request.rollout,
      answer: async (request, call) => {
        const rollout = requiredRollout(request.rollout);
        const problems = await problemsOf(async () => {
          const config = configOf(request.configJson, read);
          return (await step.validate?.({ rollout, config }, call)) ?? [];
        });
        return { problems };
      },
    }),
    run: writing(runtime, {
      method: 'Run',
      rollout: (request) => request.step?.rollout,
      context: (request) => request.context,
      encoded: (request) => RunRequest.encode(request).finish(),
      answer: async (request, call) => ({ result: await run(request.step, call) }),
    }),
    poll: reading(runtime, {
      method: 'Poll',
      rollout: (request) => request.step?.rollout,
      answer: async (request, call) => ({ result: await poll(request.step, call) }),
    }),
    terminate: writing(runtime, {
      method: 'Terminate',
      rollout: (request) => request.step?.rollout,
      context: (request) => request.context,
      encoded: (request) => TerminateRequest.encode(request).finish(),
      answer: async (request, call) => ({ result: await end(request.step, call, 'terminate') }),
    }),
    abort: writing(runtime, {
      method: 'Abort',
      rollout: (request) => request.step?.rollout,
      context: (request) => request.context,
      encoded: (request) => AbortRequest.encode(request).finish(),
      answer: async (request, call) => ({ result: await end(request.step, call, 'abort') }),
    }),
  };
  return { name: 'sluice.step.v1.StepPlugin', definition: StepPluginService, implementation };
}

function orderOf<Config>(context: StepContext | undefined, read: ReadConfig<Config>): StepOrder<Config> {
  if (context === undefined) throw new PluginError('Invalid', 'the request has no step');
  const { revision, stepIndex, configJson, stateJson } = context;
  if (stepIndex < 0) throw new PluginError('Invalid', `there is no step ${stepIndex}`);
  return {
    rollout: requiredRollout(context.rollout),
    revision,
    stepIndex,
    config: configOf(configJson, read),
    state: stateOf(stateJson),
  };
}

function stateOf(stateJson: string): Json | undefined {
  if (stateJson === '') return undefined;
  try {
    return JSON.parse(stateJson) as Json;
  } catch (cause) {
    throw new PluginError('Invalid', `state_json is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function identityOf({ rollout, revision, stepIndex }: StepOrder<unknown>): string {
  return `${rollout.uid}/${revision}/${stepIndex}`;
}

function resultOf(answer: StepAnswer): StepResult {
  return {
    phase: phases[answer.phase],
    message: answer.message ?? '',
    stateJson: answer.state === undefined ? '' : JSON.stringify(answer.state),
    pollAfterMs: answer.pollAfterMs ?? 0,
  };
}

function createStartedSteps(capacity = 10_000): StartedSteps {
  const states = new Map<string, string>();
  return {
    stateOf: (identity) => states.get(identity),
    set(identity, stateJson) {
      states.delete(identity);
      states.set(identity, stateJson);
      for (const oldest of states.keys()) {
        if (states.size <= capacity) break;
        states.delete(oldest);
      }
    },
    delete: (identity) => void states.delete(identity),
  };
}
