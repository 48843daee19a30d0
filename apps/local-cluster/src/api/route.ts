// Reads a path: which resource, which object, which verb.
import type { Registry } from '../registry/registry.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import { methodNotAllowed, noSuchResource } from '../storage/status-error.ts';
import type { ApiRequest, Route } from './message.ts';
import { isTrue } from './message.ts';

const collectionVerbs: Record<string, Route['verb']> = {
  GET: 'list',
  HEAD: 'list',
  POST: 'create',
  DELETE: 'deletecollection',
};
const objectVerbs: Record<string, Route['verb']> = {
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const subresourceVerbs: Record<string, readonly Route['verb'][]> = {
  status: ['get', 'update', 'patch'],
  scale: ['get', 'update', 'patch'],
  eviction: ['create'],
  binding: ['create'],
  log: ['get'],
  finalize: ['update'],
};

/** The subresources that a resource has. */
export function subresourcesOf(info: ResourceInfo): string[] {
  const out: string[] = [];
  if (info.status) out.push('status');
  if (info.scale) out.push('scale');
  if (info.group === '' && info.resource === 'pods') out.push('binding', 'eviction', 'log');
  if (info.group === '' && info.resource === 'namespaces') out.push('finalize');
  return out;
}

export const verbsOf = (subresource: string): readonly Route['verb'][] => subresourceVerbs[subresource] ?? [];

interface Parts {
  readonly group: string;
  readonly version: string;
  readonly rest: readonly string[];
}

function split(path: string): Parts | undefined {
  const segments = path
    .split('/')
    .filter((s) => s !== '')
    .map(decodeURIComponent);
  if (segments[0] === 'api' && segments.length >= 3)
    return { group: '', version: segments[1] as string, rest: segments.slice(2) };
  if (segments[0] === 'apis' && segments.length >= 4)
    return { group: segments[1] as string, version: segments[2] as string, rest: segments.slice(3) };
  return undefined;
}

/**
 * Undefined when the path is none of the API's. Throws 404 for a resource that is not served and 405 for a method that it does not have.
 */
export function routeOf(registry: Registry, request: ApiRequest): Route | undefined {
  const parts = split(request.path);
  if (!parts) return undefined;
  const { group, version } = parts;
  let rest = parts.rest;
  let namespace: string | undefined;
  // `namespaces/x` is an object, `namespaces/x/pods` is a list within it, `namespaces/x/status` is neither.
  if (
    rest[0] === 'namespaces' &&
    rest.length >= 3 &&
    !(group === '' && (rest[2] === 'status' || rest[2] === 'finalize'))
  ) {
    namespace = rest[1];
    rest = rest.slice(2);
  }
  const [resource = '', name, subresource] = rest;
  const info = registry.served(group, version, resource);
  if (!info || rest.length > 3 || (namespace !== undefined && !info.namespaced)) throw noSuchResource();
  if (name !== undefined && info.namespaced && namespace === undefined) throw noSuchResource();
  const verb = verbOf(request, info, name, subresource);
  return { verb, ref: { group, version, resource }, info, namespace, name, subresource };
}

function verbOf(
  request: ApiRequest,
  info: ResourceInfo,
  name: string | undefined,
  subresource: string | undefined,
): Route['verb'] {
  const { method, query } = request;
  if (subresource !== undefined) {
    if (!subresourcesOf(info).includes(subresource)) throw noSuchResource();
    const verb = method === 'POST' ? 'create' : objectVerbs[method];
    if (!verb || !verbsOf(subresource).includes(verb)) throw methodNotAllowed();
    return verb;
  }
  if (info.review && (name !== undefined || method !== 'POST')) throw methodNotAllowed();
  const verb = (name === undefined ? collectionVerbs : objectVerbs)[method];
  if (!verb) throw methodNotAllowed();
  return verb === 'list' && isTrue(query.get('watch')) ? 'watch' : verb;
}
