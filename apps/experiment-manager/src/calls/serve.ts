import { Metadata, Server, status } from '@grpc/grpc-js';
import type {
  ServerCredentials,
  ServerInterceptor,
  ServiceDefinition,
  UntypedServiceImplementation,
  handleUnaryCall,
} from '@grpc/grpc-js';
import { HealthService, ServingStatus, errorCodeTrailer, statusOf } from '@sluice/contracts';
import type { HealthServer, PluginErrorCode } from '@sluice/contracts';
import { isKubeError } from '@sluice/kube';
import type { KubeErrorCode } from '@sluice/kube';
import { StartError } from '@sluice/service';
import type { Part } from '@sluice/service';
import { onlyCallers, serverCredentials } from '@sluice/service/tls';
import type { ServerTls } from '@sluice/service/tls';

/** Thrown by what answers a call: the caller branches on `code` and shows the message to people. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: PluginErrorCode;
  readonly grpcStatus: status;

  constructor(
    code: PluginErrorCode,
    message: string,
    options: { readonly grpcStatus?: status; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.grpcStatus = options.grpcStatus ?? statusOf(code);
  }
}

const kubeCodes: Partial<Record<KubeErrorCode, PluginErrorCode>> = {
  NotFound: 'NotFound',
  AlreadyExists: 'Conflict',
  Conflict: 'Conflict',
  Expired: 'Conflict',
  Invalid: 'Invalid',
  TooLarge: 'Invalid',
  Usage: 'Invalid',
  // A quota or a webhook refuses what is asked for: asking again does not help.
  Forbidden: 'Invalid',
  TooManyRequests: 'Throttled',
  Unauthorized: 'Unavailable',
  Unavailable: 'Unavailable',
  Timeout: 'Unavailable',
  Aborted: 'Unavailable',
  Network: 'Unavailable',
};

function asCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  if (isKubeError(error))
    return new CallError(kubeCodes[error.code] ?? 'Internal', error.serverMessage ?? error.message, { cause: error });
  return new CallError('Internal', error instanceof Error ? error.message : String(error), { cause: error });
}

/** Answers a call with what the function resolves to; what it throws travels as status, message and code. */
export function answering<Q, A>(answer: (request: Q, signal: AbortSignal) => Promise<A>): handleUnaryCall<Q, A> {
  return (call, respond) => {
    const stopper = new AbortController();
    call.on('cancelled', () => stopper.abort());
    answer(call.request, stopper.signal).then(
      (value) => respond(null, value),
      (error: unknown) => {
        const { code, grpcStatus, message } = asCallError(error);
        const metadata = new Metadata();
        metadata.set(errorCodeTrailer, code);
        respond({ code: grpcStatus, details: message, metadata });
      },
    );
  };
}

export interface ServedService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Without it calls are not encrypted, and anyone who can connect is served. */
  readonly tls?: ServerTls | undefined;
  /** Checks who calls. Absent where this machine alone is served. */
  readonly guard?: ServerInterceptor | undefined;
}

/** Serves while the service runs; calls that run when it stops may end. */
export function callsPart(service: ServedService, { host, port, tls, guard }: ServeOptions): Part {
  const server = new Server({ interceptors: [...(guard ? [guard] : []), onlyCallers(() => tls?.clientNames)] });
  const serving = { current: ServingStatus.NOT_SERVING as ServingStatus };
  const health: HealthServer = {
    check: (_call, respond) => respond(null, { status: serving.current }),
    watch: (stream) => stream.emit('error', { code: status.UNIMPLEMENTED, details: 'ask by Check' }),
  };
  return {
    name: 'grpc',
    async start() {
      server.addService(service.definition, service.implementation);
      server.addService(HealthService, health);
      const bound = await bind(server, `${host}:${port}`, serverCredentials(tls));
      serving.current = ServingStatus.SERVING;
      return `${host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host}:${bound}`;
    },
    async stop() {
      serving.current = ServingStatus.NOT_SERVING;
      const timer = setTimeout(() => server.forceShutdown(), 5_000).unref();
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(timer);
    },
  };
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          new StartError(`cannot serve on ${address}: ${error.message}. Look at --grpc-host and --grpc-port.`, error),
        );
    });
  });
}
