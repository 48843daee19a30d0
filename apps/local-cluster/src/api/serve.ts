// From a request to its answer, without sockets: what tests call in process and what the HTTP server calls.
import { stringify as yamlText } from 'yaml';
import type { DefaultsContext } from '../builtin/defaults.ts';
import type { CustomDefinitions } from '../registry/custom-definitions.ts';
import { noSuchResource, StatusError } from '../storage/status-error.ts';
import type { LocalStore } from '../storage/store.ts';
import { createAppliedSets } from './applied-sets.ts';
import type { Audit } from './audit.ts';
import { discovery } from './discovery.ts';
import type { ApiRequest, ApiResponse, Route } from './message.ts';
import { json } from './message.ts';
import { negotiate } from './negotiate.ts';
import { createOpenApi } from './openapi.ts';
import { get, list } from './read.ts';
import { remove, removeCollection } from './remove.ts';
import { review } from './reviews.ts';
import { routeOf } from './route.ts';
import type { LogSource } from './subresources.ts';
import { bind, evict, finalize, log, scale } from './subresources.ts';
import type { StartWatch } from './watch.ts';
import { prepareWatch } from './watch.ts';
import type { Writable } from './write.ts';
import { create, patch, update } from './write.ts';

export interface Api {
  /** A watch is answered with the function that starts it on a response. */
  serve(request: ApiRequest): ApiResponse | StartWatch;
  /** The route of a request, for matching and counting; undefined for paths that are none of the API's. */
  route(request: ApiRequest): Route | undefined;
}

export interface ApiOptions {
  readonly store: LocalStore;
  readonly definitions: CustomDefinitions;
  readonly audit: Audit;
  readonly logs: LogSource;
}

const version = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.4+sluice-local-cluster',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: `${process.platform}/${process.arch}`,
};

const writing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Services get addresses from 10.96.0.0/16 and node ports from 30000 on, in order, never twice. */
function allocations(): DefaultsContext {
  let [ip, port] = [10, 29_999];
  return {
    allocateClusterIp() {
      ip++;
      return `10.96.${(ip >> 8) & 255}.${ip & 255}`;
    },
    allocateNodePort: () => ++port,
  };
}

export function createApi({ store, definitions, audit, logs }: ApiOptions): Api {
  const openApi = createOpenApi(store.registry, definitions);
  const served: Writable = { store, definitions, defaults: allocations(), applied: createAppliedSets() };

  function dispatch(request: ApiRequest, route: Route): ApiResponse | StartWatch {
    if (route.info.review) return review(request, route);
    switch (route.subresource) {
      case 'scale':
        return scale(served, request, route);
      case 'eviction':
        return evict(served, request, route);
      case 'binding':
        return bind(served, request, route);
      case 'finalize':
        return finalize(served, request, route);
      case 'log':
        return log(served, request, route, logs);
      default:
        return byVerb(request, route);
    }
  }

  function byVerb(request: ApiRequest, route: Route): ApiResponse | StartWatch {
    switch (route.verb) {
      case 'get':
        return get(served, request, route);
      case 'list':
        return list(served, request, route);
      case 'watch':
        return prepareWatch(served, request, route);
      case 'create':
        return create(served, request, route);
      case 'update':
        return update(served, request, route);
      case 'patch':
        return patch(served, request, route);
      case 'delete':
        return remove(served, request, route);
      case 'deletecollection':
        return removeCollection(served, request, route);
      default:
        return route.verb satisfies never;
    }
  }

  function record(request: ApiRequest, route: Route, code: number): void {
    if (!writing.has(route.verb) || route.info.review) return;
    const { group, resource } = route.info;
    audit.record({
      verb: route.verb,
      group,
      resource,
      subresource: route.subresource ?? '',
      namespace: route.namespace ?? '',
      name: route.name ?? '',
      userAgent: request.userAgent,
      user: request.user,
      code,
      dryRun: Boolean(request.query.get('dryRun')),
      at: store.clock.now(),
    });
  }

  function answer(request: ApiRequest): ApiResponse | StartWatch {
    const { path } = request;
    const plain = wellKnown(path);
    if (plain) return plain;
    const found = openApi.serve(path, request.accept) ?? discovery(store.registry, path, request.accept);
    if (found) return found;
    const route = routeOf(store.registry, request);
    if (!route) throw noSuchResource();
    let code = 500;
    try {
      const response = dispatch(request, route);
      if (typeof response !== 'function') code = response.code;
      return response;
    } catch (error) {
      if (error instanceof StatusError) code = error.code;
      throw error;
    } finally {
      record(request, route, code);
    }
  }

  return {
    route: (request) => routeOf(store.registry, request),
    serve(request) {
      try {
        const response = answer(request);
        return typeof response === 'function' ? response : inYaml(request, response);
      } catch (error) {
        return failure(error);
      }
    },
  };
}

function wellKnown(path: string): ApiResponse | undefined {
  if (path === '/version' || path === '/version/') return json(200, version);
  if (/^\/(healthz|readyz|livez)(\/|$)/.test(path))
    return { code: 200, body: 'ok', contentType: 'text/plain; charset=utf-8' };
  if (path === '/')
    return json(200, { paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] });
  return undefined;
}

function inYaml(request: ApiRequest, response: ApiResponse): ApiResponse {
  if (response.contentType || !request.accept.startsWith('application/yaml') || !negotiate(request.accept).yaml)
    return response;
  return { ...response, body: yamlText(JSON.parse(response.body)), contentType: 'application/yaml' };
}

/** What an error looks like to a client. Anything but a StatusError is this server's own fault, and says so. */
export function failure(error: unknown): ApiResponse {
  const status =
    error instanceof StatusError
      ? error
      : new StatusError(
          500,
          'InternalError',
          `Internal error occurred: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
  const body = status.toStatus() as { metadata: Record<string, unknown>; details?: { retryAfterSeconds?: number } };
  const token = (status as { continueToken?: string }).continueToken;
  if (token) body.metadata = { continue: token };
  const retry = status.details?.retryAfterSeconds;
  return {
    ...json(status.code, body),
    warnings: status.warnings,
    ...(retry === undefined ? {} : { headers: { 'retry-after': String(retry) } }),
  };
}
