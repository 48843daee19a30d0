import { Client, Metadata, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceError, handleUnaryCall } from '@grpc/grpc-js';
import { HealthService, MetricProviderService, StepPluginService, TrafficRouterService } from '@sluice/contracts';
import type { HealthCheckRequest, HealthCheckResponse, HealthServer } from '@sluice/contracts';
import type { SuiteOptions } from '../src/index.ts';

/** What a proxy in front of a right plugin spoils: what the SDK keeps right cannot be done wrong behind it. */
export interface Spoiling {
  /** Requests on their way in, and answers on their way out; either throws to refuse one. */
  readonly request?: (method: string, request: Record<string, unknown>) => Record<string, unknown>;
  readonly answer?: (method: string, answer: Record<string, unknown>) => Record<string, unknown>;
  readonly error?: (method: string, error: ServiceError) => Partial<ServiceError>;
  readonly health?: Partial<Pick<HealthServer, 'check' | 'watch'>>;
}

const services = { router: TrafficRouterService, metric: MetricProviderService, step: StepPluginService } as const;

type Started = SuiteOptions & { readonly stop: () => Promise<void> };

/** The plugin of `started`, behind a proxy that spoils it. */
export async function behindProxy(started: Started, spoiling: Spoiling): Promise<Started> {
  const { type, address } = started.target;
  const client = new Client(address, credentials.createInsecure());
  const server = new Server();
  const definitions = Object.entries(services[type]) as [string, MethodDefinition<Record<string, unknown>, object>][];
  server.addService(
    services[type],
    Object.fromEntries(definitions.map(([name, definition]) => [name, forward(client, name, definition, spoiling)])),
  );
  server.addService(HealthService, Object.assign(healthOf(client), spoiling.health));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const { stop: stopPlugin, restart: restartPlugin } = { restart: undefined, ...started.target };
  return {
    ...started,
    target: {
      type,
      address: `127.0.0.1:${port}`,
      ...(stopPlugin === undefined ? {} : { stop: stopPlugin }),
      ...(restartPlugin === undefined ? {} : { restart: restartPlugin }),
    },
    async stop() {
      server.forceShutdown();
      client.close();
      await started.stop();
    },
  };
}

function forward(
  client: Client,
  name: string,
  definition: MethodDefinition<Record<string, unknown>, object>,
  { request = (_name, same) => same, answer = (_name, same) => same, error = (_name, same) => same }: Spoiling,
): handleUnaryCall<Record<string, unknown>, object> {
  return (call, respond) => {
    let spoiled: Record<string, unknown>;
    try {
      spoiled = request(name, call.request);
    } catch (refusal) {
      respond(refusal as ServiceError);
      return;
    }
    client.makeUnaryRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      spoiled,
      new Metadata(),
      { deadline: call.getDeadline() },
      (failure, response) => {
        if (failure !== null) respond({ ...failure, ...error(name, failure) });
        else {
          try {
            respond(null, answer(name, response as Record<string, unknown>));
          } catch (refusal) {
            respond(refusal as ServiceError);
          }
        }
      },
    );
  };
}

function healthOf(client: Client): HealthServer {
  const { check, watch } = HealthService;
  return {
    check({ request }, respond) {
      client.makeUnaryRequest<HealthCheckRequest, HealthCheckResponse>(
        check.path,
        check.requestSerialize,
        check.responseDeserialize,
        request,
        (error, response) => respond(error, response),
      );
    },
    watch(stream) {
      const answers = client.makeServerStreamRequest<HealthCheckRequest, HealthCheckResponse>(
        watch.path,
        watch.requestSerialize,
        watch.responseDeserialize,
        stream.request,
      );
      answers.on('data', (response: HealthCheckResponse) => stream.write(response));
      answers.on('error', () => stream.end());
      answers.on('end', () => stream.end());
    },
  };
}
