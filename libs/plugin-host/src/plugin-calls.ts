import type { MethodDefinition } from '@grpc/grpc-js';
import { createCallSlots } from './call-slots.ts';
import type { PluginType } from './endpoint.ts';
import { PluginCallError, isPluginCallError } from './plugin-call-error.ts';
import type { HostMetrics } from './host-metrics.ts';
import type { PluginEntry } from './plugin-registry.ts';

export interface CallOptions {
  /** For the call with all its retries: 10 s. */
  readonly deadlineMs?: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  /** The lease epoch of the caller; 0 where it holds none. A plugin refuses one that is lower than it has seen for the rollout. */
  readonly epoch: number;
  /** Stands for this one decision: give the same only to repeat the same call. A new one when absent. */
  readonly key?: string;
}

export interface Question<Q, A> {
  readonly type: PluginType;
  readonly name: string;
  /** As in the contract: `Apply`. */
  readonly method: string;
  readonly definition: MethodDefinition<Q, A>;
}

export interface PluginCalls {
  /**
   * One call with its retries: a plugin that is being restarted, or whose back end is away, is asked again with the same request, so with the same idempotency
   * key. Throws PluginCallError.
   */
  call<Q, A>(find: () => PluginEntry | undefined, what: Question<Q, A>, request: Q, options: CallOptions): Promise<A>;
}

export interface PluginCallsOptions {
  readonly metrics: HostMetrics;
  /** Attempts for one call while the plugin is there: 6. */
  readonly attempts?: number | undefined;
  /** A plugin that went away is waited for by the calls that need it, as it may be restarted; after so long they fail at once. 5 s. */
  readonly restartMs?: number | undefined;
  /** Between attempts: 50 ms, then twice as long each time, up to 1 s. */
  readonly retryMs?: { readonly first: number; readonly longest: number } | undefined;
  /** Calls that wait for one plugin at once; more are refused, so that a slow plugin does not hold all of a caller's workers. 100. */
  readonly atOnce?: number | undefined;
  /** How long a call waits for one of these to end, where they do end: 200 ms. */
  readonly turnMs?: number | undefined;
}

const defaultDeadlineMs = 10_000;

export function createPluginCalls(options: PluginCallsOptions): PluginCalls {
  const { metrics, attempts = 6, restartMs = 5_000, retryMs = { first: 50, longest: 1_000 } } = options;
  const { atOnce = 100, turnMs = 200 } = options;
  const slots = createCallSlots({ atOnce, waitMs: turnMs });

  async function withRetries<Q, A>(
    find: () => PluginEntry | undefined,
    what: Question<Q, A>,
    request: Q,
    { deadlineMs = defaultDeadlineMs, signal }: CallOptions,
  ): Promise<A> {
    const { type, name, method, definition } = what;
    const until = Date.now() + deadlineMs;
    for (let attempt = 1; ; attempt += 1) {
      // Looked up each time: the plugin may have moved meanwhile.
      const entry = find();
      if (entry === undefined) throw absent(type, name, method);
      try {
        return await entry.connection.attempt(method, definition, request, { deadline: new Date(until), signal });
      } catch (error) {
        const { state, awayMs } = entry.connection;
        const longest = state === 'connecting' ? Math.min(retryMs.longest, 250) : retryMs.longest;
        const wait = Math.min(longest, retryMs.first * 2 ** Math.min(attempt - 1, 10)) * (0.75 + Math.random() / 2);
        const worthIt = state === 'connecting' ? awayMs < restartMs : state === 'ready' && attempt < attempts;
        const again = isPluginCallError(error, 'Unavailable') && worthIt && Date.now() + wait < until;
        if (!again || isOver(signal)) throw error;
        metrics.retried(entry);
        await pause(wait, signal);
        if (isOver(signal)) throw error;
      }
    }
  }

  return {
    async call(find, what, request, callOptions) {
      const entry = find();
      if (entry === undefined) throw absent(what.type, what.name, what.method);
      const { key } = entry.endpoint;
      const started = performance.now();
      let code = 'OK';
      let isInside = false;
      try {
        isInside = await slots.enter(key, callOptions.signal);
        if (!isInside) throw busy(what.name, what.method, atOnce);
        return await withRetries(find, what, request, callOptions);
      } catch (error) {
        code = isPluginCallError(error) ? error.code : 'Internal';
        throw error;
      } finally {
        if (isInside) slots.leave(key);
        metrics.called(entry, what.method, code, (performance.now() - started) / 1000);
      }
    },
  };
}

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}

function absent(type: PluginType, name: string, method: string): PluginCallError {
  return new PluginCallError({
    code: 'Unavailable',
    plugin: name,
    method,
    message: `there is no ${type} plugin ${name}: install it, or correct the name in the manifest`,
    retryable: true,
  });
}

function busy(name: string, method: string, others: number): PluginCallError {
  return new PluginCallError({
    code: 'Throttled',
    plugin: name,
    method,
    message: `${others} calls are waiting for plugin ${name} already`,
    retryable: true,
    notSent: true,
  });
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}
