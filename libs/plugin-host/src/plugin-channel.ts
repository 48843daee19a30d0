import { Client, Metadata, connectivityState } from '@grpc/grpc-js';
import type { ClientReadableStream, MethodDefinition } from '@grpc/grpc-js';
import { HealthService, TrafficRouterService } from '@sluice/contracts';
import type { DescribeResponse, HealthCheckResponse } from '@sluice/contracts';
import { interceptorsOf } from '@sluice/service/identity';
import type { TokenSource } from '@sluice/service/identity';
import { channelCredentials, channelTlsOptions, whyUnreachable } from '@sluice/service/tls';
import type { PluginEndpoint } from './endpoint.ts';
import { errorOfAttempt } from './plugin-call-error.ts';

export interface Attempt {
  readonly deadline: Date;
  readonly signal?: AbortSignal | undefined;
}

/** The wire to one plugin: single calls, without any second try. They throw PluginCallError. */
export interface PluginChannel {
  ask<Q, A>(method: string, definition: MethodDefinition<Q, A>, request: Q, attempt: Attempt): Promise<A>;
  describe(): Promise<DescribeResponse>;
  checkHealth(): Promise<HealthCheckResponse>;
  /** Waits for a connection without a word, however long that takes. */
  watchHealth(): ClientReadableStream<HealthCheckResponse>;
  /** Why there is no connection, where certificates are the reason; undefined otherwise. */
  whyUnreachable(): Promise<string | undefined>;
  readonly isConnected: boolean;
  /** Calls back once, when the connection that there is now has changed its state. */
  onceConnectionChanges(changed: () => void): void;
  /** Leaves the present connection to itself and takes a new one. */
  renew(): void;
  /** Resolves when the calls that run have ended, or `longestMs` is over, and all is closed. */
  close(longestMs: number): Promise<void>;
}

export interface ChannelOptions {
  readonly endpoint: PluginEndpoint;
  /** Where the tokens come from that this side shows; without it only plugins of the same machine serve. */
  readonly tokens?: TokenSource | undefined;
  readonly reconnectMs: { readonly first: number; readonly longest: number };
  /** Of Describe and health checks. */
  readonly probeDeadlineMs: number;
}

// The wire format of Describe is the same in all services; only its path differs.
const describePaths = {
  router: '/sluice.router.v1.TrafficRouter/Describe',
  metric: '/sluice.metric.v1.MetricProvider/Describe',
  step: '/sluice.step.v1.StepPlugin/Describe',
} as const;

export function openChannel(options: ChannelOptions): PluginChannel {
  const { endpoint, probeDeadlineMs } = options;
  const name = endpoint.names[0] ?? endpoint.key;
  let client = clientOf(options);
  let running = 0;
  let idle: (() => void) | undefined;

  function ask<Q, A>(method: string, definition: MethodDefinition<Q, A>, request: Q, attempt: Attempt): Promise<A> {
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

  const soon = (): Attempt => ({ deadline: new Date(Date.now() + probeDeadlineMs) });

  return {
    ask,
    describe: () =>
      ask('Describe', { ...TrafficRouterService.describe, path: describePaths[endpoint.type] }, {}, soon()),
    checkHealth: () => ask('Check', HealthService.check, { service: '' }, soon()),
    watchHealth() {
      const { path, requestSerialize, responseDeserialize } = HealthService.watch;
      const metadata = new Metadata({ waitForReady: true });
      return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' }, metadata, {});
    },
    whyUnreachable: () => whyUnreachable(`plugin ${name} at ${endpoint.address}`, endpoint.address, endpoint.tls),
    get isConnected() {
      return client.getChannel().getConnectivityState(false) === connectivityState.READY;
    },
    onceConnectionChanges(changed) {
      const channel = client.getChannel();
      channel.watchConnectivityState(channel.getConnectivityState(false), Infinity, changed);
    },
    renew() {
      client.close();
      client = clientOf(options);
    },
    async close(longestMs) {
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
    },
  };
}

function clientOf({ endpoint, reconnectMs, tokens }: ChannelOptions): Client {
  const { address, tls, audience } = endpoint;
  return new Client(address, channelCredentials(tls), {
    ...channelTlsOptions(tls),
    interceptors: interceptorsOf(tokens && { tokens, audience }),
    // grpc-js waits up to 2 minutes otherwise; a rollout is to go on within seconds of the plugin's return.
    'grpc.initial_reconnect_backoff_ms': reconnectMs.first,
    'grpc.min_reconnect_backoff_ms': reconnectMs.first,
    'grpc.max_reconnect_backoff_ms': reconnectMs.longest,
    'grpc.dns_min_time_between_resolutions_ms': 2_000,
    // Without it two connections to one address share what they know, such as the wait before the next try.
    'grpc.use_local_subchannel_pool': 1,
  });
}
