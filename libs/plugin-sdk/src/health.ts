import { status } from '@grpc/grpc-js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { HealthService, ServingStatus } from '@sluice/contracts';
import type { HealthCheckRequest, HealthCheckResponse, HealthServer } from '@sluice/contracts';
import type { PluginService } from './describe.ts';

export interface Health {
  readonly service: PluginService<HealthServer>;
  /** All services of the plugin alike: they are one process. */
  set(serving: boolean): void;
  /** Ends the open Watch calls, which would keep the server from closing. */
  end(): void;
}

/** Rule P6: grpc.health.v1, for the empty name and for the given services. */
export function createHealth(services: readonly string[]): Health {
  const known = new Set(['', ...services]);
  const watching = new Set<ServerWritableStream<HealthCheckRequest, HealthCheckResponse>>();
  let current: ServingStatus = ServingStatus.NOT_SERVING;

  const statusOf = (service: string): ServingStatus => (known.has(service) ? current : ServingStatus.SERVICE_UNKNOWN);

  const implementation: HealthServer = {
    check({ request }, respond) {
      if (known.has(request.service)) respond(null, { status: current });
      else respond({ code: status.NOT_FOUND, details: `no service ${request.service} here` });
    },
    watch(stream) {
      watching.add(stream);
      stream.write({ status: statusOf(stream.request.service) });
      stream.on('cancelled', () => watching.delete(stream));
    },
  };

  return {
    service: { name: 'grpc.health.v1.Health', definition: HealthService, implementation },
    set(serving) {
      const next = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
      if (next === current) return;
      current = next;
      for (const stream of watching) stream.write({ status: statusOf(stream.request.service) });
    },
    end() {
      for (const stream of watching) stream.end();
      watching.clear();
    },
  };
}
