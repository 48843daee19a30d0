// Delete: one object, or all that a selector finds.
import { badRequest, invalid } from '../storage/status-error.ts';
import type { KubeObject, RemoveOptions } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import { jsonOf, listBody } from './encode.ts';
import type { ApiRequest, ApiResponse, Route } from './message.ts';
import { json } from './message.ts';
import { apiVersionOf, existing } from './read.ts';
import type { Served } from './read.ts';
import { selection } from './selectors.ts';
import { isDryRun, jsonBody } from './write.ts';

// Of these the answer to a delete is the object, of others a Status.
const answeredWithObject = new Set([
  '/pods',
  '/services',
  '/serviceaccounts',
  '/podtemplates',
  '/resourcequotas',
  '/persistentvolumeclaims',
]);

function deleteOptions(request: ApiRequest): RemoveOptions & { dryRun?: boolean } {
  let body: Json = {};
  if (request.body.trim() !== '') {
    try {
      body = JSON.parse(jsonBody(request)) ?? {};
    } catch (error) {
      throw badRequest(`error decoding delete options: ${(error as Error).message}`);
    }
  }
  const { query } = request;
  const policy: Json =
    body.propagationPolicy ?? query.get('propagationPolicy') ?? (body.orphanDependents ? 'Orphan' : undefined);
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy))
    throw invalid('DeleteOptions', 'meta.k8s.io', '', [
      {
        type: 'FieldValueNotSupported',
        field: 'propagationPolicy',
        body: `Unsupported value: "${policy}": supported values: "Foreground", "Background", "Orphan", "nil"`,
      },
    ]);
  const grace =
    body.gracePeriodSeconds ?? (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined);
  return {
    ...(policy === undefined ? {} : { propagationPolicy: policy }),
    ...(grace === undefined || grace === null ? {} : { gracePeriodSeconds: grace }),
    ...(body.preconditions ? { preconditions: body.preconditions } : {}),
    dryRun: (body.dryRun ?? []).includes('All') || isDryRun(request),
  };
}

export function remove(served: Served, request: ApiRequest, route: Route): ApiResponse {
  const { store } = served;
  const current = existing(served, route);
  const last = store.remove(route.ref, route.namespace, route.name ?? '', deleteOptions(request)) ?? current;
  const waits =
    store.get(route.ref, route.namespace, route.name ?? '')?.metadata.uid === current.metadata.uid &&
    last.metadata.deletionTimestamp !== undefined;
  if (waits || answeredWithObject.has(`${route.info.group}/${route.info.resource}`))
    return { code: 200, body: jsonOf(last) };
  const { group, resource } = route.info;
  const details = {
    name: current.metadata.name,
    ...(group ? { group } : {}),
    kind: resource,
    uid: current.metadata.uid,
  };
  return json(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

export function removeCollection(served: Served, request: ApiRequest, route: Route): ApiResponse {
  const { store } = served;
  const { query } = request;
  const predicate = selection(
    route.info,
    query.get('labelSelector') ?? undefined,
    query.get('fieldSelector') ?? undefined,
  );
  const options = deleteOptions(request);
  const removed: KubeObject[] = [];
  for (const object of store.list(route.ref, route.namespace)) {
    if (predicate && !predicate(object)) continue;
    removed.push(store.remove(route.ref, object.metadata.namespace, object.metadata.name, options) ?? object);
  }
  return {
    code: 200,
    body: listBody(
      route.info.listKind,
      apiVersionOf(route),
      { resourceVersion: String(store.revision()) },
      removed.map(jsonOf),
    ),
  };
}
