import { Client, Metadata, connectivityState, status } from '@grpc/grpc-js';
import type { ClientReadableStream, MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { HealthService, ServingStatus, TrafficRouterService, protocolVersion } from '@sluice/contracts';
import type { DescribeResponse, HealthCheckResponse } from '@sluice/contracts';
import type { KubeLogger } from '@sluice/kube';
import { createCircuitBreaker } from './circuit-breaker.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { PluginEndpoint } from './endpoint.ts';
import { PluginCallError, errorOfAttempt } from './plugin-call-error.ts';
import { channelCredentials } from './tls.ts';

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

export interface Attempt {
  readonly deadline: Date;
  readonly signal?: AbortSignal | undefined;
}

/** One plugin at one address. */
export interface PluginConnection {
  readonly endpoint: PluginEndpoint;
  readonly state: ConnectionState;
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
  readonly logger: KubeLogger;
  readonly timings?: ConnectionTimings;
  /** State, introduction or problem is another; also called when calls are allowed again after a trial. */
  readonly onChange: () => void;
}

// The wire format of Describe is the same in all services; only its path differs.
const describePaths = {
  router: '/sluice.router.v1.TrafficRouter/Describe',
  metric: '/sluice.metric.v1.MetricProvider/Describe',
  step: '/sluice.step.v1.StepPlugin/Describe',
} as const;

/** Connects at once, and again whenever the connection is lost, until drained. */
export function connectPlugin(options: ConnectionOptions): PluginConnection {
  const { endpoint, logger, onChange } = options;
  const { reconnectMs = { first: 200, longest: 2_000 }, probeDeadlineMs = 2_000 } = options.timings ?? {};
  const name = endpoint.names[0] ?? endpoint.key;
  const breaker = createCircuitBreaker({
    now: () => performance.now(),
    onChange: () => changed(),
    ...(options.timings?.breakerOpenMs === undefined ? {} : { openMs: options.timings.breakerOpenMs }),
    ...(options.timings?.breakerFailures === undefined ? {} : { failures: options.timings.breakerFailures }),
  });
  let client = newClient();
  let serving = false;
  let introduction: DescribeResponse | undefined;
  let introduced = false;
  let problem: string | undefined = `not connected to ${endpoint.address} yet`;
  let watch: ClientReadableStream<HealthCheckResponse> | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let trialTimer: NodeJS.Timeout | undefined;
  let diagnosisTimer: NodeJS.Timeout | undefined;
  let failuresInARow = 0;
  let running = 0;
  let idle: (() => void) | undefined;
  let draining = false;

  function newClient(): Client {
    const { tls } = endpoint;
    return new Client(endpoint.address, channelCredentials(tls), {
      ...(tls?.serverName === undefined
        ? {}
        : { 'grpc.ssl_target_name_override': tls.serverName, 'grpc.default_authority': tls.serverName }),
      // grpc-js waits up to 2 minutes otherwise; a rollout is to go on within seconds of the plugin's return.
      'grpc.initial_reconnect_backoff_ms': reconnectMs.first,
      'grpc.min_reconnect_backoff_ms': reconnectMs.first,
      'grpc.max_reconnect_backoff_ms': reconnectMs.longest,
      'grpc.dns_min_time_between_resolutions_ms': 2_000,
      // Without it two connections to one address share what they know, such as the wait before the next try.
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  function stateNow(): ConnectionState {
    if (!serving || !introduced) return 'connecting';
    return breaker.state === 'open' ? 'open' : 'ready';
  }

  function changed(): void {
    clearTimeout(trialTimer);
    if (draining) return;
    // When its time is over calls may be tried again: whoever waits is told.
    if (breaker.state === 'open') {
      void replaceIfDead();
      trialTimer = setTimeout(() => {
        if (!draining) onChange();
      }, breaker.opensInMs + 1).unref();
    }
    onChange();
  }

  function lost(why: string): void {
    watch = undefined;
    if (draining) return;
    const was = stateNow();
    serving = false;
    introduced = false;
    problem = why;
    if (was !== 'connecting') logger.warn({ plugin: name, address: endpoint.address, why }, 'lost a plugin');
    failuresInARow += 1;
    const wait = Math.min(reconnectMs.longest, reconnectMs.first * 2 ** Math.min(failuresInARow - 1, 6));
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, wait * (0.75 + Math.random() / 2)).unref();
    onChange();
  }

  async function answered(healthy: boolean): Promise<void> {
    clearTimeout(diagnosisTimer);
    if (draining) return;
    failuresInARow = 0;
    if (!healthy) {
      serving = false;
      problem = 'the plugin says that it is not serving';
      onChange();
      return;
    }
    if (serving) return;
    serving = true;
    // Whoever answers now may be another instance than the one that failed.
    breaker.reset();
    await introduce();
  }

  async function introduce(): Promise<void> {
    try {
      const definition = { ...TrafficRouterService.describe, path: describePaths[endpoint.type] };
      const answer = await once('Describe', definition, {}, { deadline: new Date(Date.now() + probeDeadlineMs) });
      if (draining || !serving) return;
      if (answer.protocolVersion !== protocolVersion) {
        problem = `plugin ${name} speaks version ${answer.protocolVersion} of the contract, this service version ${protocolVersion}: upgrade the older of the two`;
        logger.error({ plugin: name, address: endpoint.address }, problem);
        onChange();
        return;
      }
      introduction = answer;
      introduced = true;
      problem = undefined;
      logger.info({ plugin: name, address: endpoint.address, version: answer.version }, 'a plugin is ready');
      onChange();
    } catch (error) {
      // Health says that it serves, Describe fails: start over rather than trust half of it.
      watch?.cancel();
      lost((error as Error).message);
    }
  }

  function connect(): void {
    if (draining) return;
    const stream = client.makeServerStreamRequest(
      HealthService.watch.path,
      HealthService.watch.requestSerialize,
      HealthService.watch.responseDeserialize,
      { service: '' },
      new Metadata({ waitForReady: true }),
      {},
    );
    watch = stream;
    diagnoseLater(1_000);
    const isCurrent = (): boolean => watch === stream;
    stream.on('data', (answer: HealthCheckResponse) => {
      if (isCurrent()) void answered(answer.status === ServingStatus.SERVING);
    });
    stream.on('error', (error: ServiceError) => {
      if (!isCurrent()) return;
      if (error.code === status.UNIMPLEMENTED) withoutHealth();
      else lost(`plugin ${name} at ${endpoint.address} cannot be reached: ${error.details || error.message}`);
    });
    stream.on('end', () => {
      if (isCurrent()) lost(`plugin ${name} at ${endpoint.address} has closed the connection`);
    });
  }

  const checkHealth = (): Promise<HealthCheckResponse> =>
    once('Check', HealthService.check, { service: '' }, { deadline: new Date(Date.now() + probeDeadlineMs) });

  /** The watch waits for a connection without a word: ask once what is in the way. */
  function diagnoseLater(afterMs: number): void {
    clearTimeout(diagnosisTimer);
    diagnosisTimer = setTimeout(() => {
      checkHealth().catch((error: unknown) => {
        if (draining || serving) return;
        if (problem !== (error as Error).message) {
          problem = (error as Error).message;
          logger.warn({ plugin: name, address: endpoint.address, why: problem }, 'a plugin is not reached');
          onChange();
        }
        diagnoseLater(10_000);
      });
    }, afterMs).unref();
  }

  /** A machine that is gone closes no connections: where not even health is answered, start over with a new one. */
  async function replaceIfDead(): Promise<void> {
    const suspect = client;
    try {
      await checkHealth();
    } catch (error) {
      if (draining || client !== suspect || !(error instanceof PluginCallError) || !error.outage) return;
      const stream = watch;
      watch = undefined;
      stream?.cancel();
      suspect.close();
      client = newClient();
      lost(error.message);
    }
  }

  /** A server without grpc.health.v1: connected is all that can be known. */
  function withoutHealth(): void {
    watch = undefined;
    const channel = client.getChannel();
    const untilLost = (): void => {
      if (draining) return;
      if (isReady(channel)) channel.watchConnectivityState(connectivityState.READY, Infinity, untilLost);
      else lost(`plugin ${name} at ${endpoint.address} has closed the connection`);
    };
    untilLost();
    if (isReady(channel)) void answered(true);
  }

  function once<Q, A>(method: string, definition: MethodDefinition<Q, A>, request: Q, attempt: Attempt): Promise<A> {
    const { deadline, signal } = attempt;
    return new Promise((resolve, reject) => {
      running += 1;
      const call = client.makeUnaryRequest<Q, A>(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        new Metadata(),
        { deadline },
        (error, response) => {
          signal?.removeEventListener('abort', cancel);
          running -= 1;
          if (running === 0) idle?.();
          if (error === null) resolve(response as A);
          else reject(errorOfAttempt(name, method, error));
        },
      );
      const cancel = (): void => call.cancel();
      if (signal?.aborted === true) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  async function attempt<Q, A>(
    method: string,
    definition: MethodDefinition<Q, A>,
    request: Q,
    options: Attempt,
  ): Promise<A> {
    const report = admitted(breaker, name, method);
    try {
      const answer = await once(method, definition, request, options);
      report('alive');
      return answer;
    } catch (error) {
      const outage = error instanceof PluginCallError && error.outage;
      report(options.signal?.aborted === true ? 'nothing' : outage ? 'outage' : 'alive');
      throw error;
    }
  }

  async function drain(longestMs: number): Promise<void> {
    draining = true;
    clearTimeout(retryTimer);
    clearTimeout(trialTimer);
    clearTimeout(diagnosisTimer);
    const stream = watch;
    watch = undefined;
    stream?.cancel();
    if (running > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, longestMs).unref();
        idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    client.close();
  }

  connect();
  return {
    endpoint,
    get state() {
      return stateNow();
    },
    get introduction() {
      return introduction;
    },
    get problem() {
      return stateNow() === 'open' ? `plugin ${name} does not answer its calls` : problem;
    },
    attempt,
    drain,
  };
}

const isReady = (channel: ReturnType<Client['getChannel']>): boolean =>
  channel.getConnectivityState(false) === connectivityState.READY;

function admitted(breaker: CircuitBreaker, plugin: string, method: string): ReturnType<CircuitBreaker['admit']> & {} {
  const report = breaker.admit();
  if (report !== undefined) return report;
  throw new PluginCallError({
    code: 'Unavailable',
    plugin,
    method,
    message: `plugin ${plugin} does not answer its calls; the next try is in ${Math.ceil(breaker.opensInMs / 100) / 10} s`,
    retryable: true,
  });
}
