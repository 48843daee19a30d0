// The endpoints that are not Kubernetes': faults and counts, for tests that run in another process.
import type { Audit } from './audit.ts';
import type { Fault, Faults } from './faults.ts';
import type { ApiRequest, ApiResponse } from './message.ts';
import { json } from './message.ts';

export interface ControlEndpoints {
  /** Undefined when the path is none of its own. */
  serve(request: ApiRequest): Promise<ApiResponse | undefined>;
}

export interface RestartOptions {
  /** Whether objects, versions and history survive; true if absent. */
  readonly keepData?: boolean;
  /**
   * Without data: `continue` (if absent) is a cluster restored as etcd recommends, whose versions go on above the old ones, so that whoever
   * remembers an old one gets 410; `restart` begins at 1 again, so that old versions seem to lie in the future, until they do not.
   */
  readonly versions?: 'continue' | 'restart';
  /** How long nobody listens; 0 if absent. */
  readonly downMs?: number;
}

/** The body of `POST /__faults`: a fault to add, or one thing to do now. */
type Command = Fault & {
  readonly dropWatches?: boolean | string;
  readonly expireWatches?: boolean | string;
  readonly compact?: boolean;
  readonly latencyMs?: number;
  readonly restart?: RestartOptions;
};

export function controlEndpoints(
  faults: Faults,
  audit: Audit,
  restart: (options: RestartOptions) => Promise<void>,
): ControlEndpoints {
  function post(body: string): ApiResponse {
    const command = JSON.parse(body || '{}') as Command;
    const pattern = (v: boolean | string): string | undefined => (typeof v === 'string' ? v : undefined);
    if (command.dropWatches) return json(200, { dropped: faults.dropWatches(pattern(command.dropWatches)) });
    if (command.expireWatches) return json(200, { expired: faults.expireWatches(pattern(command.expireWatches)) });
    if (command.compact) {
      faults.compact();
      return json(200, {});
    }
    if (command.latencyMs !== undefined) {
      faults.latencyMs = command.latencyMs;
      return json(200, {});
    }
    if (command.restart) {
      // After the answer: the connection that asks is among those that break.
      const options = command.restart;
      setTimeout(() => void restart(options), 20);
      return json(202, {});
    }
    return json(201, { id: faults.add(command) });
  }
  return {
    async serve({ path, method, query, body }) {
      if (path === '/__writes') {
        if (method === 'DELETE') audit.clear();
        return json(
          200,
          query.has('counts') ? { counts: audit.counts() } : { counts: audit.counts(), writes: audit.writes() },
        );
      }
      if (path !== '/__faults' && !path.startsWith('/__faults/')) return undefined;
      if (method === 'POST') return post(body);
      if (method === 'DELETE') {
        const id = path.slice('/__faults/'.length);
        if (id) faults.remove(id);
        else faults.clear();
      }
      return json(200, { latencyMs: faults.latencyMs, faults: faults.list() });
    },
  };
}
