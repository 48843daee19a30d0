import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { ServerUnaryCall, handleUnaryCall } from '@grpc/grpc-js';
import type { CallContext, RolloutRef, RouteEvent } from '@sluice/contracts';
import type { AnswerMemory } from './answer-memory.ts';
import type { PluginLogger } from './logger.ts';
import { GivenUp, PluginError, asPluginError, asStatus } from './plugin-error.ts';
import { orGivenUp } from './rollout-turns.ts';
import type { RolloutTurns } from './rollout-turns.ts';

/** What an author's function gets beside its request. */
export interface Call {
  /** Aborted when the deadline is over, the caller has hung up, or a newer controller has taken over. Pass it on to whatever is awaited. */
  readonly signal: AbortSignal;
  /** Names the method and the rollout in each line. */
  readonly logger: PluginLogger;
  /** Asks for an Event on the Rollout. Only answers of Apply and Release carry events; elsewhere this does nothing. */
  event(reason: string, message: string, options?: { readonly warning?: boolean }): void;
}

/** What the calls of one plugin share. */
export interface CallRuntime {
  readonly logger: PluginLogger;
  readonly answers: AnswerMemory;
  readonly turns: RolloutTurns;
  /** For a call without one. */
  readonly defaultDeadlineMs: number;
  readonly onCall: (call: { readonly method: string; readonly code: string; readonly seconds: number }) => void;
}

interface Reading<Request, Response> {
  readonly method: string;
  readonly rollout: (request: Request) => RolloutRef | undefined;
  readonly answer: (request: Request, call: Call) => Promise<Response>;
}

interface Writing<Request, Response> {
  readonly method: string;
  readonly rollout: (request: Request) => RolloutRef | undefined;
  readonly context: (request: Request) => CallContext | undefined;
  readonly encoded: (request: Request) => Uint8Array;
  readonly answer: (request: Request, call: Call, events: RouteEvent[]) => Promise<Response>;
}

interface Answering<Request, Response> {
  readonly method: string;
  /** Fields of each log line about the call. */
  readonly about: (request: Request) => object;
  readonly answer: (request: Request, signal: AbortSignal, logger: PluginLogger) => Promise<Response>;
}

/** A call that changes nothing: it has a deadline, and any number of them run at once. */
export function reading<Q, A>(runtime: CallRuntime, spec: Reading<Q, A>): handleUnaryCall<Q, A> {
  return answering(runtime, {
    method: spec.method,
    about: (request) => aboutRollout(spec.rollout(request)),
    answer(request, signal, logger) {
      const call: Call = { signal, logger, event: () => undefined };
      return orGivenUp(
        promiseOf(() => spec.answer(request, call)),
        signal,
      );
    },
  });
}

/** A call that may write: rules P1 (answered once), P2 (no outdated caller), and one at a time for each rollout. */
export function writing<Q, A>(runtime: CallRuntime, spec: Writing<Q, A>): handleUnaryCall<Q, A> {
  return answering(runtime, {
    method: spec.method,
    about: (request) => aboutRollout(spec.rollout(request)),
    answer(request, signal, logger) {
      const { uid } = requiredRollout(spec.rollout(request));
      const { idempotencyKey = '', leaseEpoch = 0 } = spec.context(request) ?? {};
      const now = (): Promise<A> =>
        runtime.turns.take(uid, leaseEpoch, signal, (stopped) => {
          const events: RouteEvent[] = [];
          const call: Call = {
            signal: stopped,
            logger,
            event: (reason, message, { warning = false } = {}) => void events.push({ reason, message, warning }),
          };
          return promiseOf(() => spec.answer(request, call, events));
        });
      if (idempotencyKey === '') return now();
      // Also where the answer is remembered: an outdated caller is to learn that it is one.
      runtime.turns.refuseOutdated(uid, leaseEpoch);
      // The content is part of the key: a caller that uses a key twice by mistake gets what it asked for.
      const digest = createHash('sha256').update(spec.encoded(request)).digest('base64');
      return orGivenUp(runtime.answers.once([spec.method, uid, idempotencyKey, digest].join('\n'), now), signal);
    },
  });
}

export function requiredRollout(rollout: RolloutRef | undefined): RolloutRef {
  const missing = (['uid', 'namespace', 'name'] as const).find((field) => (rollout?.[field] ?? '') === '');
  if (rollout === undefined || missing !== undefined)
    throw new PluginError('Invalid', `the request names no rollout: rollout.${missing ?? 'uid'} is empty`);
  return rollout;
}

function aboutRollout(rollout: RolloutRef | undefined): object {
  return rollout === undefined ? {} : { rollout: `${rollout.namespace}/${rollout.name}` };
}

/** Any call: with a deadline, typed errors and a log line where it fails. The other rules are kept by whoever answers. */
export function answering<Q, A>(runtime: CallRuntime, spec: Answering<Q, A>): handleUnaryCall<Q, A> {
  const { method } = spec;
  return (call, respond) => {
    const started = performance.now();
    const about = { method, ...spec.about(call.request) };
    const deadline = deadlineOf(call, runtime.defaultDeadlineMs);
    const finish = (code: string): void => {
      deadline.clear();
      runtime.onCall({ method, code, seconds: (performance.now() - started) / 1000 });
    };
    promiseOf(() => spec.answer(call.request, deadline.signal, withFields(runtime.logger, about))).then(
      (response) => {
        finish('OK');
        respond(null, response);
      },
      (thrown: unknown) => {
        const error = asPluginError(thrown);
        finish(error.code);
        const level = error.code === 'Internal' ? 'error' : 'info';
        runtime.logger[level]({ ...about, code: error.code, error }, 'a call failed');
        respond(asStatus(error));
      },
    );
  };
}

/** Rule P3: the signal fires when the time of the call is over or nobody waits for its answer any more. */
function deadlineOf<Q, A>(
  call: ServerUnaryCall<Q, A>,
  defaultMs: number,
): { readonly signal: AbortSignal; clear(): void } {
  const stop = new AbortController();
  const given = call.getDeadline();
  const until = given instanceof Date ? given.getTime() : given;
  const leftMs = Number.isFinite(until) ? Math.max(0, until - Date.now()) : defaultMs;
  // A timer that is asked for more than it can hold fires at once.
  const longestTimerMs = 2 ** 31 - 1;
  const timer = setTimeout(
    () => {
      stop.abort(new GivenUp('Unavailable', status.DEADLINE_EXCEEDED, 'given up: the deadline of the call is over'));
    },
    Math.min(leftMs, longestTimerMs),
  );
  const hungUp = (): void =>
    stop.abort(new GivenUp('Unavailable', status.CANCELLED, 'given up: the caller has cancelled the call'));
  call.on('cancelled', hungUp);
  if (call.cancelled) hungUp();
  return {
    signal: stop.signal,
    clear() {
      clearTimeout(timer);
      call.off('cancelled', hungUp);
    },
  };
}

/** A function that throws before it returns its promise is a rejection like any other. */
async function promiseOf<T>(run: () => Promise<T>): Promise<T> {
  return run();
}

function withFields(logger: PluginLogger, fields: object): PluginLogger {
  return {
    debug: (more, message) => logger.debug({ ...fields, ...more }, message),
    info: (more, message) => logger.info({ ...fields, ...more }, message),
    warn: (more, message) => logger.warn({ ...fields, ...more }, message),
    error: (more, message) => logger.error({ ...fields, ...more }, message),
  };
}
