// Create, update and patch: body → kind → store.
import { parse as parseYaml } from 'yaml';
import type { DefaultsContext } from '../builtin/defaults.ts';
import { applyMerge } from '../patch/apply.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic.ts';
import type { FieldError } from '../storage/status-error.ts';
import {
  badRequest,
  conflict,
  invalid,
  notFound,
  qualified,
  StatusError,
  unsupportedMediaType,
} from '../storage/status-error.ts';
import type { KubeObject } from '../storage/store.ts';
import type { Json } from '../storage/values.ts';
import { isObject } from '../storage/values.ts';
import type { Kind, Read } from './kinds.ts';
import { kindOf, parseBody } from './kinds.ts';
import type { AppliedSets } from './applied-sets.ts';
import type { ApiRequest, ApiResponse, Route } from './message.ts';
import { existing, objectResponse } from './read.ts';
import type { Served } from './read.ts';

export interface Writable extends Served {
  readonly defaults: DefaultsContext;
  readonly applied: AppliedSets;
}

export function isDryRun(request: ApiRequest): boolean {
  const asked = request.query.get('dryRun');
  if (asked === null || asked === '') return false;
  if (asked === 'All') return true;
  throw invalid('CreateOptions', 'meta.k8s.io', '', [
    { type: 'FieldValueNotSupported', field: 'dryRun', body: `Unsupported value: "${asked}": supported values: "All"` },
  ]);
}

/** The body as JSON text, whatever it was sent as. */
export function jsonBody(request: ApiRequest): string {
  const type = request.contentType.split(';')[0]?.trim() ?? '';
  if (type === 'application/json' || type === '') return request.body;
  if (type === 'application/yaml') return JSON.stringify(parseYaml(request.body));
  throw unsupportedMediaType(['application/json', 'application/yaml']);
}

/** Unknown fields are an error (Strict), warnings (Warn, the default) or nothing (Ignore). */
function judgeUnknown(request: ApiRequest, fields: readonly string[], refuse: (text: string) => Error): string[] {
  const validation = request.query.get('fieldValidation') || 'Warn';
  if (fields.length === 0 || validation === 'Ignore') return [];
  const texts = fields.map((f) => `unknown field "${f}"`);
  if (validation === 'Strict') throw refuse(`strict decoding error: ${texts.join(', ')}`);
  return texts;
}

function readObject(kind: Kind, route: Route, value: Json): Read {
  try {
    return kind.read(value);
  } catch (error) {
    if (error instanceof StatusError && error.code === 400) throw badRequest(`${cannotHandle(route)}${error.message}`);
    throw error;
  }
}

const cannotHandle = (route: Route): string =>
  `${route.info.kind} in version "${route.ref.version}" cannot be handled as a ${route.info.kind}: `;

function place(route: Route, object: KubeObject): void {
  const { metadata } = object;
  if (!route.info.namespaced) return;
  if (metadata.namespace && metadata.namespace !== route.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  if (route.namespace) metadata.namespace = route.namespace;
}

export function refuse(route: Route, object: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(route.info.kind, route.info.group, object.metadata.name ?? '', errors);
}

export function create(served: Writable, request: ApiRequest, route: Route): ApiResponse {
  const kind = kindOf(served.definitions, route, served.defaults);
  const body = parseBody(route, jsonBody(request));
  const { object, unknownFields } = readObject(kind, route, body);
  const warnings = judgeUnknown(request, unknownFields, (text) => badRequest(cannotHandle(route) + text));
  return warned(warnings, () => {
    place(route, object);
    return objectResponse(served, request, route, createObject(served, request, route, kind, object), 201);
  });
}

/** The answer, or the error, with `warnings`. */
function warned(warnings: readonly string[], write: () => ApiResponse): ApiResponse {
  try {
    return { ...write(), warnings };
  } catch (error) {
    if (error instanceof StatusError) error.warnings = warnings;
    throw error;
  }
}

function createObject(served: Writable, request: ApiRequest, route: Route, kind: Kind, object: KubeObject): KubeObject {
  const complete = kind.complete(object, undefined);
  if (
    route.info.namespaced &&
    !served.store.get({ group: '', version: 'v1', resource: 'namespaces' }, undefined, route.namespace ?? '')
  )
    throw notFound({ group: '', resource: 'namespaces' }, route.namespace ?? '');
  refuse(route, complete, kind.validate(complete, undefined));
  return served.store.create(route.ref, complete, { dryRun: isDryRun(request) });
}

export function update(served: Writable, request: ApiRequest, route: Route): ApiResponse {
  const kind = kindOf(served.definitions, route, served.defaults);
  const body = parseBody(route, jsonBody(request));
  const { object, unknownFields } = readObject(kind, route, body);
  const warnings = judgeUnknown(request, unknownFields, (text) => badRequest(cannotHandle(route) + text));
  place(route, object);
  checkName(route, object);
  const current = existing(served, route);
  if (kind.needsVersion && !object.metadata.resourceVersion)
    throw new StatusError(
      422,
      'Invalid',
      `${qualified(route.info)} "${route.name}" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
      {
        name: route.name ?? '',
        group: route.info.group,
        kind: route.info.resource,
        causes: [
          {
            reason: 'FieldValueInvalid',
            message: 'Invalid value: 0: must be specified for an update',
            field: 'metadata.resourceVersion',
          },
        ],
      },
    );
  return warned(warnings, () =>
    objectResponse(served, request, route, writeOver(served, request, route, kind, object, current)),
  );
}

function checkName(route: Route, object: KubeObject): void {
  const { name } = object.metadata;
  if (name === undefined || name === '') object.metadata.name = route.name ?? '';
  else if (name !== route.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${route.name})`);
}

/** Writes `object` over `current`, through the route's subresource. */
function writeOver(
  served: Writable,
  request: ApiRequest,
  route: Route,
  kind: Kind,
  object: KubeObject,
  current: KubeObject,
): KubeObject {
  const { resourceVersion } = object.metadata;
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion)
    throw conflict(route.info, route.name ?? '');
  const dryRun = isDryRun(request);
  if (route.subresource === 'status') {
    refuse(route, object, kind.validateStatus(object, current));
    return served.store.update(route.ref, object, { subresource: 'status', dryRun });
  }
  const complete = kind.complete(object, current);
  refuse(route, complete, kind.validate(complete, current));
  return served.store.update(route.ref, complete, { dryRun });
}

const builtinPatches = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const customPatches = builtinPatches.filter((t) => !t.includes('strategic'));

function parsePatch(request: ApiRequest): Json {
  try {
    return JSON.parse(request.body);
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`);
  }
}

/** `current` with the request's patch applied. Neither is changed. */
export function patched(request: ApiRequest, current: Json, kind: Pick<Kind, 'type'>): Json {
  const type = request.contentType.split(';')[0]?.trim() ?? '';
  switch (type) {
    case 'application/json-patch+json':
      return applyJsonPatch(current, parsePatch(request));
    case 'application/merge-patch+json': {
      const patch = parsePatch(request);
      if (!isObject(patch)) throw badRequest('error decoding patch: a merge patch is an object');
      return mergePatch(current, patch);
    }
    case 'application/strategic-merge-patch+json': {
      if (!kind.type) throw unsupportedMediaType(customPatches);
      const patch = parsePatch(request);
      if (!isObject(patch)) throw badRequest('error decoding patch: a strategic merge patch is an object');
      return strategicMerge(current, patch, kind.type);
    }
    default:
      throw unsupportedMediaType(kind.type ? builtinPatches : customPatches);
  }
}

export const isApply = (request: ApiRequest): boolean => request.contentType.startsWith('application/apply-patch+');

export function patch(served: Writable, request: ApiRequest, route: Route): ApiResponse {
  const kind = kindOf(served.definitions, route, served.defaults);
  if (isApply(request)) return apply(served, request, route, kind);
  const current = existing(served, route);
  const next = patched(request, current, kind);
  const refusePatch = (text: string): Error => invalidPatch(next, text);
  let read: Read;
  try {
    read = kind.read(next);
  } catch (error) {
    throw error instanceof StatusError && error.code === 400 ? refusePatch(error.message) : error;
  }
  const warnings = judgeUnknown(request, read.unknownFields, refusePatch);
  const object = { ...read.object, metadata: { ...read.object.metadata } };
  place(route, object);
  checkName(route, object);
  return warned(warnings, () =>
    objectResponse(served, request, route, writeOver(served, request, route, kind, object, current)),
  );
}

function invalidPatch(next: Json, text: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(next))}: ${text}`;
  return new StatusError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}

function apply(served: Writable, request: ApiRequest, route: Route, kind: Kind): ApiResponse {
  const manager = request.query.get('fieldManager');
  if (!manager)
    throw invalid('PatchOptions', 'meta.k8s.io', '', [
      { type: 'FieldValueRequired', field: 'fieldManager', body: 'Required value: is required for apply patch' },
    ]);
  const body = parseBody(route, JSON.stringify(parseYaml(request.body)));
  const { object, unknownFields } = readApplied(kind, route, body);
  const warnings = judgeUnknown(request, unknownFields, (text) => badRequest(text));
  if (object.metadata.name === undefined) object.metadata.name = route.name ?? '';
  place(route, object);
  checkName(route, object);
  const current = served.store.get(route.ref, route.namespace, route.name ?? '');
  const written = current
    ? applyOver(served, request, route, kind, object, current, manager)
    : createObject(served, request, route, kind, kind.read(object).object);
  if (!isDryRun(request))
    served.applied.remember(written.metadata.uid, `${manager}/${route.subresource ?? ''}`, object);
  return { ...objectResponse(served, request, route, written, current ? 200 : 201), warnings };
}

// Defaults must not be taken for something that the caller applies: they are added after merging.
function readApplied(kind: Kind, route: Route, body: Record<string, Json>): Read {
  const { object, unknownFields } = readObject(kind, route, body);
  if (kind.type) return { object, unknownFields };
  return { object: withoutFields(body, unknownFields) as KubeObject, unknownFields };
}

function withoutFields(body: Json, fields: readonly string[]): Json {
  if (fields.length === 0) return body;
  const drop = (value: Json, path: string): Json => {
    if (Array.isArray(value)) return value.map((v, i) => drop(v, `${path}[${i}]`));
    if (!isObject(value)) return value;
    const entries = Object.entries(value).map(([k, v]) => [k, v, path ? `${path}.${k}` : k] as const);
    return Object.fromEntries(entries.filter(([, , at]) => !fields.includes(at)).map(([k, v, at]) => [k, drop(v, at)]));
  };
  return drop(body, '');
}

function applyOver(
  served: Writable,
  request: ApiRequest,
  route: Route,
  kind: Kind,
  object: KubeObject,
  current: KubeObject,
  manager: string,
): KubeObject {
  const applied = served.applied.of(current.metadata.uid, `${manager}/${route.subresource ?? ''}`);
  const next = applyMerge(current, object, applied, kind.shape) as KubeObject;
  const read = kind.read(next).object;
  return writeOver(served, request, route, kind, { ...read, metadata: { ...read.metadata } }, current);
}
