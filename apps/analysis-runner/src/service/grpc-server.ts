import { Server } from '@grpc/grpc-js';
import type { ServerInterceptor, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { StartError } from '@sluice/service';
import { onlyCallers, serverCredentials } from '@sluice/service/tls';
import type { ServerTls } from '@sluice/service/tls';

export interface GrpcServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Without it calls are not encrypted, and anyone who can connect is served. */
  readonly tls?: ServerTls | undefined;
  /** Checks who calls. Absent where this machine alone is served. */
  readonly guard?: ServerInterceptor | undefined;
  readonly services: readonly {
    readonly definition: ServiceDefinition;
    /** Whose certificates may call this service; where empty or absent, those of `tls.clientNames`. */
    readonly callers?: readonly string[] | undefined;
    readonly implementation: UntypedServiceImplementation;
  }[];
}

export interface GrpcServer {
  readonly name: 'grpc';
  /** Resolves with `host:port`. */
  start(): Promise<string>;
  stop(): Promise<void>;
}

const serverOptions = {
  // A worker whose machine is gone is noticed within seconds.
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
};

export function createGrpcServer({ host, port, tls, guard, services }: GrpcServerOptions): GrpcServer {
  const callersOf = (path: string): readonly string[] | undefined => {
    const called = services.find(({ definition }) => Object.values(definition).some((method) => method.path === path));
    return called?.callers?.length ? called.callers : tls?.clientNames;
  };
  const server = new Server({ ...serverOptions, interceptors: [...(guard ? [guard] : []), onlyCallers(callersOf)] });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  return {
    name: 'grpc',
    start: () =>
      new Promise((resolve, reject) => {
        server.bindAsync(`${host}:${port}`, serverCredentials(tls), (error, bound) => {
          if (error === null) resolve(`${host === '0.0.0.0' ? '127.0.0.1' : host}:${bound}`);
          else
            reject(
              new StartError(
                `${host}:${port} cannot be served on: ${error.message}. Choose another with --grpc-host and --grpc-port.`,
                error,
              ),
            );
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), 2_000).unref();
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
