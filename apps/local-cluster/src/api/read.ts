// Get and list: versions, pages, selectors, and the three forms of an answer.
import { Buffer } from 'node:buffer';
import type { CustomDefinitions } from '../registry/custom-definitions.ts';
import { badRequest, expired, invalid, notFound, tooLargeResourceVersion } from '../storage/status-error.ts';
import type { KubeObject, LocalStore } from '../storage/store.ts';
import { jsonOf, listBody } from './encode.ts';
import type { ApiRequest, ApiResponse, Route } from './message.ts';
import { negotiate } from './negotiate.ts';
import type { Predicate } from './selectors.ts';
import { selection } from './selectors.ts';
import type { IncludeObject } from './table.ts';
import { metadataText, tableBody, tableView } from './table.ts';

export interface Served {
  readonly store: LocalStore;
  readonly definitions: CustomDefinitions;
}

export const apiVersionOf = (route: Route): string =>
  route.ref.group ? `${route.ref.group}/${route.ref.version}` : route.ref.version;

export function includeObject(request: ApiRequest): IncludeObject {
  const asked = request.query.get('includeObject') ?? 'Metadata';
  if (asked !== 'None' && asked !== 'Metadata' && asked !== 'Object')
    throw badRequest(`invalid value for "includeObject": ${asked}: use None, Metadata or Object`);
  return asked;
}

/** The object in the form that the client asked for. */
export function objectResponse(
  served: Served,
  request: ApiRequest,
  route: Route,
  object: KubeObject,
  code = 200,
): ApiResponse {
  const { form } = negotiate(request.accept);
  if (form === 'table') {
    const view = tableView(
      served.definitions,
      route.info,
      route.ref.version,
      served.store.clock.now(),
      includeObject(request),
    );
    return { code, body: tableBody(view, [object], { resourceVersion: object.metadata.resourceVersion }) };
  }
  return { code, body: form === 'metadata' ? metadataText(object) : jsonOf(object) };
}

export function get(served: Served, request: ApiRequest, route: Route): ApiResponse {
  return objectResponse(served, request, route, existing(served, route));
}

export function existing(served: Served, route: Route): KubeObject {
  const name = route.name ?? '';
  const object = served.store.get(route.ref, route.namespace, name);
  if (!object) throw notFound(route.info, name);
  return object;
}

/** Undefined for none and for `0`, which both mean the newest that is at hand. */
export function revisionOf(request: ApiRequest): number | undefined {
  const text = request.query.get('resourceVersion');
  if (text === null || text === '' || text === '0') return undefined;
  if (!/^\d+$/.test(text))
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  return Number(text);
}

interface Page {
  /** The revision that all pages show; -1 for a list that goes on at the newest state after its own has been forgotten. */
  readonly rv: number;
  /** The key behind which the next page starts. */
  readonly start: string;
}

const keyOf = (o: KubeObject): string => `${o.metadata.namespace ?? ''}/${o.metadata.name}`;
const compareKeys = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const token = (page: Page): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...page })).toString('base64url');

function pageOf(text: string): Page {
  try {
    const page = JSON.parse(Buffer.from(text, 'base64url').toString()) as Page & { v: string };
    if (page.v === 'meta.k8s.io/v1' && Number.isInteger(page.rv) && typeof page.start === 'string') return page;
  } catch {
    // Told below.
  }
  throw badRequest('invalid continue token: continue key is not valid: it is none that this server gave out');
}

interface Listing {
  readonly objects: readonly KubeObject[];
  readonly revision: number;
}

function listingOf(store: LocalStore, request: ApiRequest, route: Route, page: Page | undefined): Listing {
  const current = store.revision();
  if (page) {
    if (page.rv < 0) return { objects: store.list(route.ref, route.namespace), revision: current };
    const objects = store.listAt(route.ref, route.namespace, page.rv);
    if (objects !== 'expired') return { objects, revision: page.rv };
    throw Object.assign(
      expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      ),
      { continueToken: token({ ...page, rv: -1 }) },
    );
  }
  const match = request.query.get('resourceVersionMatch');
  const asked = revisionOf(request);
  if (match && !request.query.get('resourceVersion'))
    throw invalid('ListOptions', 'meta.k8s.io', '', [
      {
        type: 'FieldValueForbidden',
        field: 'resourceVersionMatch',
        body: 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
      },
    ]);
  if (asked !== undefined && asked > current) throw tooLargeResourceVersion(String(asked), String(current));
  if (match !== 'Exact' || asked === undefined)
    return { objects: store.list(route.ref, route.namespace), revision: current };
  const objects = store.listAt(route.ref, route.namespace, asked);
  if (objects === 'expired') throw expired(`The resourceVersion for the provided list is too old.`);
  return { objects, revision: asked };
}

/** Cuts `limit` objects off, behind the page's start. */
function cut(
  listing: Listing,
  page: Page | undefined,
  limit: number,
  predicate: Predicate | undefined,
): { items: readonly KubeObject[]; metadata: Record<string, unknown> } {
  let rest = listing.objects;
  if (page) rest = rest.filter((o) => compareKeys(keyOf(o), page.start) > 0);
  if (predicate) rest = rest.filter(predicate);
  const metadata: Record<string, unknown> = { resourceVersion: String(listing.revision) };
  if (limit <= 0 || rest.length <= limit) return { items: rest, metadata };
  const items = rest.slice(0, limit);
  metadata.continue = token({ rv: listing.revision, start: keyOf(items.at(-1) as KubeObject) });
  if (!predicate) metadata.remainingItemCount = rest.length - limit;
  return { items, metadata };
}

export function list(served: Served, request: ApiRequest, route: Route): ApiResponse {
  const { query } = request;
  const { form } = negotiate(request.accept);
  const predicate = selection(route.info, query.get('labelSelector') ?? undefined, fieldSelector(request, route));
  const continued = query.get('continue');
  const page = continued ? pageOf(continued) : undefined;
  const listing = listingOf(served.store, request, route, page);
  const { items, metadata } = cut(listing, page, Number(query.get('limit') ?? 0), predicate);
  if (form === 'table') {
    const view = tableView(
      served.definitions,
      route.info,
      route.ref.version,
      served.store.clock.now(),
      includeObject(request),
    );
    return { code: 200, body: tableBody(view, items, metadata) };
  }
  if (form === 'metadata')
    return {
      code: 200,
      body: listBody('PartialObjectMetadataList', 'meta.k8s.io/v1', metadata, items.map(metadataText)),
    };
  return { code: 200, body: listBody(route.info.listKind, apiVersionOf(route), metadata, items.map(jsonOf)) };
}

/** A watch of one object comes as a collection with its name in the path, or as a selector. */
export function fieldSelector(request: ApiRequest, route: Route): string | undefined {
  const asked = request.query.get('fieldSelector');
  if (route.name === undefined) return asked ?? undefined;
  return asked ? `metadata.name=${route.name},${asked}` : `metadata.name=${route.name}`;
}
