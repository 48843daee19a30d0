// Scale, eviction, binding, finalize and log.
import { timestamp } from '../storage/metadata.ts';
import { badRequest, conflict, invalid, StatusError } from '../storage/status-error.ts';
import type { KubeObject, ResourceRef } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import { copy } from '../storage/values.ts';
import { readPath } from '../schema/field-path.ts';
import { structType } from '../schema/builtin-types.ts';
import { kindOf } from './kinds.ts';
import type { ApiRequest, ApiResponse, Route } from './message.ts';
import { json } from './message.ts';
import { existing } from './read.ts';
import { selectorMatches, selectorText } from './selectors.ts';
import type { Writable } from './write.ts';
import { isDryRun, jsonBody, patched, refuse } from './write.ts';

const disruptionBudgets: ResourceRef = { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' };

function parse(request: ApiRequest): Json {
  try {
    return JSON.parse(jsonBody(request) || '{}');
  } catch (error) {
    throw badRequest(`the object provided is unrecognized: json parse error: ${(error as Error).message}`);
  }
}

function scaleOf(route: Route, object: KubeObject): Json {
  const paths = route.info.scale;
  if (!paths) throw badRequest(`${route.info.resource} have no scale`);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector: Json = paths.labelSelector ? readPath(object, paths.labelSelector.slice(1)) : undefined;
  // As in Go, where zero is the same as not set.
  const replicas: Json = readPath(object, paths.specReplicas.slice(1));
  const text = typeof selector === 'string' ? selector : selector ? selectorText(selector) : undefined;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: readPath(object, paths.statusReplicas.slice(1)) ?? 0,
      ...(text === undefined ? {} : { selector: text }),
    },
  };
}

function writePath(object: Json, path: string, value: Json): void {
  const keys = path.split('.').filter((k) => k !== '');
  const last = keys.pop() as string;
  let at = object;
  for (const key of keys) at = at[key] ??= {};
  at[last] = value;
}

const scaleType = { type: structType('DeploymentSpec') };

export function scale(served: Writable, request: ApiRequest, route: Route): ApiResponse {
  const current = existing(served, route);
  const before = scaleOf(route, current);
  if (route.verb === 'get') return json(200, before);
  const asked: Json = route.verb === 'patch' ? patched(request, before, scaleType) : parse(request);
  const version: unknown = asked.metadata?.resourceVersion;
  if (version && version !== current.metadata.resourceVersion) throw conflict(route.info, route.name ?? '');
  const replicas: Json = asked.spec?.replicas ?? 0;
  if (!Number.isInteger(replicas))
    throw badRequest(
      `Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal ${typeof replicas} into Go struct field ScaleSpec.spec.replicas of type int32`,
    );
  if (replicas < 0)
    throw invalid('Scale', 'autoscaling', current.metadata.name, [
      {
        type: 'FieldValueInvalid',
        field: 'spec.replicas',
        body: `Invalid value: ${replicas}: must be greater than or equal to 0`,
      },
    ]);
  const next = copy(current);
  writePath(next, route.info.scale?.specReplicas ?? '.spec.replicas', replicas);
  refuse(route, next, kindOf(served.definitions, route, served.defaults).validate(next, current));
  return json(200, scaleOf(route, served.store.update(route.ref, next, { dryRun: isDryRun(request) })));
}

const created = (): ApiResponse =>
  json(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });

export function bind(served: Writable, request: ApiRequest, route: Route): ApiResponse {
  const pod = existing(served, route);
  const node: unknown = parse(request).target?.name;
  if (typeof node !== 'string' || node === '') throw badRequest('a binding names a node: set target.name');
  if (pod.spec?.nodeName)
    throw conflict(
      { group: '', resource: 'pods/binding' },
      pod.metadata.name,
      `pod ${pod.metadata.name} is already assigned to node "${pod.spec.nodeName}"`,
    );
  if (isDryRun(request)) return created();
  served.store.modify(route.ref, route.namespace, pod.metadata.name, (draft) => {
    draft.spec.nodeName = node;
  });
  served.store.modify(
    route.ref,
    route.namespace,
    pod.metadata.name,
    (draft) => {
      const conditions: Json[] = (draft.status.conditions ??= []);
      if (!conditions.some((c) => c.type === 'PodScheduled'))
        conditions.push({
          type: 'PodScheduled',
          status: 'True',
          lastProbeTime: null,
          lastTransitionTime: timestamp(served.store.clock.now()),
        });
    },
    { subresource: 'status' },
  );
  return created();
}

/** Deletes the pod unless a PodDisruptionBudget allows no disruption now; counts the disruption against the budget. */
export function evict(served: Writable, request: ApiRequest, route: Route): ApiResponse {
  const { store } = served;
  const pod = existing(served, route);
  const options: Json = parse(request).deleteOptions ?? {};
  const running = pod.status?.phase === 'Running' && !pod.metadata.deletionTimestamp;
  const budget =
    running &&
    store
      .list(disruptionBudgets, route.namespace)
      .find((b) => selectorMatches(b.spec?.selector, pod.metadata.labels ?? {}));
  if (budget) {
    const { name } = budget.metadata;
    if (!(budget.status?.disruptionsAllowed > 0))
      throw new StatusError(
        429,
        'TooManyRequests',
        "Cannot evict pod as it would violate the pod's disruption budget.",
        {
          causes: [
            {
              reason: 'DisruptionBudget',
              message: `The disruption budget ${name} needs ${budget.status?.desiredHealthy ?? 0} healthy pods and has ${budget.status?.currentHealthy ?? 0} currently`,
            },
          ],
        },
      );
    if (!isDryRun(request))
      store.modify(disruptionBudgets, route.namespace, name, (draft) => void draft.status.disruptionsAllowed--, {
        subresource: 'status',
      });
  }
  store.remove(route.ref, route.namespace, pod.metadata.name, {
    ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.preconditions ? { preconditions: options.preconditions } : {}),
    dryRun: isDryRun(request) || (options.dryRun ?? []).includes('All'),
  });
  return created();
}

/** Namespaces only: replaces `spec.finalizers`, whereupon an empty namespace goes. */
export function finalize(served: Writable, request: ApiRequest, route: Route): ApiResponse {
  const asked = parse(request);
  const done = served.store.modify(route.ref, undefined, route.name ?? '', (draft) => {
    draft.spec = { ...draft.spec, finalizers: asked.spec?.finalizers ?? [] };
  });
  return json(200, done ?? asked);
}

/** What a container wrote, as text. */
export type LogSource = (namespace: string, pod: string, container?: string) => string | undefined;

export function log(served: Writable, request: ApiRequest, route: Route, source: LogSource): ApiResponse {
  const pod = existing(served, route);
  const asked = request.query.get('container');
  const containers: string[] = (pod.spec?.containers ?? []).map((c: Json) => c.name);
  if (asked && !containers.includes(asked))
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  if (!asked && containers.length > 1)
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${containers.join(' ')}]`,
    );
  let text = source(route.namespace ?? '', pod.metadata.name, asked ?? containers[0]) ?? '';
  const tail = request.query.get('tailLines');
  if (tail !== null)
    text = text
      .split('\n')
      .slice(-Number(tail) - (text.endsWith('\n') ? 1 : 0))
      .join('\n');
  const limit = request.query.get('limitBytes');
  if (limit !== null) text = Buffer.from(text).subarray(0, Number(limit)).toString();
  return { code: 200, body: text, contentType: 'text/plain' };
}
