import { status } from '@grpc/grpc-js';
import type { ClientReadableStream, MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { ServingStatus, protocolVersion } from '@sluice/contracts';
import type { DescribeResponse, HealthCheckResponse } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import { createCircuitBreaker } from './circuit-breaker.ts';
import type { CircuitBreaker, Verdict } from './circuit-breaker.ts';
import type { TokenSource } from '@sluice/service/identity';
import type { PluginEndpoint } from './endpoint.ts';
import { PluginCallError, unreachedFor } from './plugin-call-error.ts';
import { openChannel } from './plugin-channel.ts';
import type { Attempt } from './plugin-channel.ts';

/**
 * - `connecting`: it does not answer, says that it is not serving, or has not introduced itself yet.
 * - `ready`: calls go through.
 * - `open`: it is reached but too many calls in a row were not answered; calls are refused here until a trial succeeds.
 */
export type ConnectionState = 'connecting' | 'ready' | 'open';

export interface ConnectionTimings {
  /** Between tries to reach a plugin that is down: 200 ms at first, 2 s at most. */
  readonly reconnectMs?: { readonly first: number; readonly longest: number };
  /** Of health checks and Describe: 2 s. */
  readonly probeDeadlineMs?: number;
  readonly breakerOpenMs?: { readonly first: number; readonly longest: number };
  readonly breakerFailures?: number;
}

/** One plugin at one address. */
export interface PluginConnection {
  readonly endpoint: PluginEndpoint;
  readonly state: ConnectionState;
  /** For how long it has been connecting now, in milliseconds; 0 in other states. */
  readonly awayMs: number;
  /** What Describe answered, once it did; kept while the plugin is away. */
  readonly introduction: DescribeResponse | undefined;
  /** Why it is not ready, in words for people. */
  readonly problem: string | undefined;
  /** One attempt, through the circuit breaker. Throws PluginCallError. */
  attempt<Q, A>(method: string, definition: MethodDefinition<Q, A>, request: Q, attempt: Attempt): Promise<A>;
  /** No further health checks; resolves when the calls that run have ended, or `longestMs` is over, and all is closed. */
  drain(longestMs: number): Promise<void>;
}

export interface ConnectionOptions {
  readonly endpoint: PluginEndpoint;
  readonly tokens?: TokenSource | undefined;
  readonly logger: KubeLogger;
  readonly timings?: ConnectionTimings;
  /** State, introduction or problem is another; also called when calls are allowed again after a trial. */
  readonly onChange: () => void;
}

/** Connects at once, and again whenever the connection is lost, until drained. */
export function connectPlugin(options: ConnectionOptions): PluginConnection {
  const { endpoint, logger, onChange, timings = {} } = options;
  const { reconnectMs = { first: 200, longest: 2_000 }, probeDeadlineMs = 2_000 } = timings;
  const name = endpoint.names[0] ?? endpoint.key;
  const about = { plugin: name, address: endpoint.address };
  const channel = openChannel({ endpoint, tokens: options.tokens, reconnectMs, probeDeadlineMs });
  const breaker = createCircuitBreaker({
    now: () => performance.now(),
    onChange: breakerChanged,
    ...(timings.breakerOpenMs === undefined ? {} : { openMs: timings.breakerOpenMs }),
    ...(timings.breakerFailures === undefined ? {} : { failures: timings.breakerFailures }),
  });
  const timers: Record<'reconnect' | 'trial' | 'diagnosis', NodeJS.Timeout | undefined> = {
    reconnect: undefined,
    trial: undefined,
    diagnosis: undefined,
  };
  let serving = false;
  let introduced = false;
  let introduction: DescribeResponse | undefined;
  let problem: string | undefined = `not connected to ${endpoint.address} yet`;
  /** Why it is not reached, where certificates are the reason: callers are told this rather than what gRPC says. */
  let certificateProblem: string | undefined;
  let watch: ClientReadableStream<HealthCheckResponse> | undefined;
  let failuresInARow = 0;
  let awaySince = performance.now();
  let draining = false;

  function later(timer: keyof typeof timers, afterMs: number, run: () => void): void {
    clearTimeout(timers[timer]);
    timers[timer] = setTimeout(() => {
      if (!draining) run();
    }, afterMs).unref();
  }

  function stateNow(): ConnectionState {
    if (!serving || !introduced) return 'connecting';
    return breaker.state === 'open' ? 'open' : 'ready';
  }

  function breakerChanged(): void {
    clearTimeout(timers.trial);
    if (draining) return;
    if (breaker.state === 'open') {
      void renewIfDead();
      // When its time is over calls may be tried again: whoever waits is told.
      later('trial', breaker.opensInMs + 1, onChange);
    }
    onChange();
  }

  function gone(): void {
    if (stateNow() !== 'connecting') awaySince = performance.now();
    serving = false;
    introduced = false;
  }

  function stopWatching(): void {
    const stream = watch;
    watch = undefined;
    stream?.cancel();
  }

  function lost(why: string): void {
    watch = undefined;
    if (draining) return;
    if (stateNow() !== 'connecting') logger.warn({ ...about, why }, 'lost a plugin');
    gone();
    problem = why;
    failuresInARow += 1;
    const wait = Math.min(reconnectMs.longest, reconnectMs.first * 2 ** Math.min(failuresInARow - 1, 6));
    later('reconnect', wait * (0.75 + Math.random() / 2), connect);
    onChange();
  }

  function connect(): void {
    const stream = channel.watchHealth();
    watch = stream;
    diagnoseLater(1_000);
    const isCurrent = (): boolean => watch === stream && !draining;
    stream.on('data', (answer: HealthCheckResponse) => {
      if (isCurrent()) healthIs(answer.status === ServingStatus.SERVING);
    });
    stream.on('error', (error: ServiceError) => {
      if (!isCurrent()) return;
      if (error.code === status.UNIMPLEMENTED) goOnWithoutHealth();
      else lost(`plugin ${name} at ${endpoint.address} cannot be reached: ${error.details || error.message}`);
    });
    stream.on('end', () => {
      if (isCurrent()) lost(`plugin ${name} at ${endpoint.address} has closed the connection`);
    });
  }

  function healthIs(healthy: boolean): void {
    clearTimeout(timers.diagnosis);
    certificateProblem = undefined;
    failuresInARow = 0;
    if (!healthy) {
      gone();
      problem = 'the plugin says that it is not serving';
      onChange();
    } else if (!serving) {
      serving = true;
      // Whoever answers now may be another instance than the one that failed.
      breaker.reset();
      void introduce();
    }
  }

  async function introduce(): Promise<void> {
    try {
      const answer = await channel.describe();
      if (draining || !serving) return;
      if (answer.protocolVersion === protocolVersion) {
        introduction = answer;
        introduced = true;
        problem = undefined;
        logger.info({ ...about, version: answer.version }, 'a plugin is ready');
      } else {
        problem = `plugin ${name} speaks version ${answer.protocolVersion} of the contract, this service version ${protocolVersion}: upgrade the older of the two`;
        logger.error(about, problem);
      }
      onChange();
    } catch (error) {
      // Health says that it serves, Describe fails: start over rather than trust half of it.
      stopWatching();
      lost((error as Error).message);
    }
  }

  /** A server without grpc.health.v1: connected is all that can be known. */
  function goOnWithoutHealth(): void {
    watch = undefined;
    const untilLost = (): void => {
      if (draining) return;
      if (channel.isConnected) channel.onceConnectionChanges(untilLost);
      else lost(`plugin ${name} at ${endpoint.address} has closed the connection`);
    };
    untilLost();
    if (channel.isConnected) healthIs(true);
  }

  /** The watch waits for a connection without a word: ask once what is in the way. */
  function diagnoseLater(afterMs: number): void {
    later('diagnosis', afterMs, () => {
      channel.checkHealth().catch(async (error: unknown) => {
        const found = await channel.whyUnreachable();
        if (draining || serving) return;
        certificateProblem = found;
        const why = found ?? (error as Error).message;
        if (problem !== why) {
          problem = why;
          logger.warn({ ...about, why }, 'a plugin is not reached');
          onChange();
        }
        diagnoseLater(10_000);
      });
    });
  }

  /** A machine that is gone closes no connections: where not even health is answered, start over with a new one. */
  async function renewIfDead(): Promise<void> {
    const suspect = watch;
    try {
      await channel.checkHealth();
    } catch (error) {
      if (draining || watch !== suspect || !(error instanceof PluginCallError) || !error.outage) return;
      stopWatching();
      channel.renew();
      lost(error.message);
    }
  }

  let healthCheck: Promise<Verdict> | undefined;

  /**
   * What it says of the plugin that it did not answer in time. A measurement may well take longer than its call, as a back end hangs that others do not ask: a metric
   * provider that still answers health is alive.
   */
  function lateness(): Verdict | Promise<Verdict> {
    if (endpoint.type !== 'metric') return 'outage';
    healthCheck ??= channel
      .checkHealth()
      .then(
        (): Verdict => 'alive',
        (error: unknown): Verdict => (error instanceof PluginCallError && error.outage ? 'outage' : 'nothing'),
      )
      .finally(() => (healthCheck = undefined));
    return healthCheck;
  }

  connect();
  return {
    endpoint,
    get state() {
      return stateNow();
    },
    get awayMs() {
      return stateNow() === 'connecting' ? performance.now() - awaySince : 0;
    },
    get introduction() {
      return introduction;
    },
    get problem() {
      return stateNow() === 'open' ? `plugin ${name} does not answer its calls` : problem;
    },
    attempt: (method, definition, request, attempt) =>
      throughBreaker(breaker, { name, method, signal: attempt.signal, late: lateness }, () =>
        channel.ask(method, definition, request, attempt).catch((error: unknown) => {
          throw certificateProblem === undefined ? error : unreachedFor(certificateProblem, error);
        }),
      ),
    async drain(longestMs) {
      draining = true;
      for (const timer of Object.values(timers)) clearTimeout(timer);
      stopWatching();
      await channel.close(longestMs);
    },
  };
}

async function throughBreaker<A>(
  breaker: CircuitBreaker,
  call: {
    readonly name: string;
    readonly method: string;
    readonly signal: AbortSignal | undefined;
    readonly late: () => Verdict | Promise<Verdict>;
  },
  ask: () => Promise<A>,
): Promise<A> {
  const report = breaker.admit();
  if (report === undefined) throw refused(breaker, call);
  try {
    const answer = await ask();
    report('alive');
    return answer;
  } catch (error) {
    if (call.signal?.aborted === true) report('nothing');
    else if (error instanceof PluginCallError && error.outage) reportLate(report, call.late());
    // Not reached at all says nothing about how it answers: that is what the state `connecting` is for.
    else report(error instanceof PluginCallError && error.unreached ? 'nothing' : 'alive');
    throw error;
  }
}

function reportLate(report: (verdict: Verdict) => void, verdict: Verdict | Promise<Verdict>): void {
  if (typeof verdict === 'string') report(verdict);
  else void verdict.then(report);
}

function refused(
  breaker: CircuitBreaker,
  { name, method }: { readonly name: string; readonly method: string },
): PluginCallError {
  return new PluginCallError({
    code: 'Unavailable',
    plugin: name,
    method,
    message: `plugin ${name} does not answer its calls; the next try is in ${Math.ceil(breaker.opensInMs / 100) / 10} s`,
    retryable: true,
  });
}
