// Which part of an object a write may change: identity and system fields never, status only through its subresource, generation as a result.
import { randomInt, randomUUID } from 'node:crypto';
import type { ResourceInfo } from '../registry/resource.ts';
import type { KubeObject, ObjectMeta } from './store.ts';
import { equal } from './values.ts';

/** RFC 3339 in whole seconds, as the API server writes times. */
export const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

// No vowels and no look-alikes, as the API server does, so that no name becomes a word.
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** `base`, cut to 58 characters, and five random ones. */
export function generatedName(base: string): string {
  let out = base.slice(0, 58);
  for (let i = 0; i < 5; i++) out += ALPHABET[randomInt(ALPHABET.length)];
  return out;
}

/** Metadata that only the server may set are the server's; `managedFields` and `selfLink` are not kept. */
export function newMetadata(given: ObjectMeta, info: ResourceInfo, name: string, nowMs: number): ObjectMeta {
  const { managedFields: _, selfLink: __, deletionTimestamp: ___, deletionGracePeriodSeconds: ____, ...kept } = given;
  const metadata: ObjectMeta = {
    ...kept,
    name,
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: timestamp(nowMs),
  };
  if (!info.namespaced) delete metadata.namespace;
  if (info.generation === 'none') delete metadata.generation;
  else metadata.generation = 1;
  return tidy(metadata);
}

/** What an update leaves of the metadata that it was given. */
export function updatedMetadata(current: ObjectMeta, given: ObjectMeta): ObjectMeta {
  const { managedFields: _, selfLink: __, ...kept } = given;
  const metadata: ObjectMeta = {
    ...kept,
    name: current.name,
    uid: current.uid,
    resourceVersion: current.resourceVersion,
    creationTimestamp: current.creationTimestamp,
  };
  for (const key of [
    'namespace',
    'generation',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generateName',
  ] as const) {
    const value = current[key];
    if (value === undefined) delete metadata[key];
    else (metadata as Record<string, unknown>)[key] = value;
  }
  return tidy(metadata);
}

/** Empty maps and lists are the same as none, and are stored as none. */
function tidy(metadata: ObjectMeta): ObjectMeta {
  const out: Record<string, unknown> = {};
  for (const key in metadata) {
    const value = metadata[key];
    if (value === undefined || value === null || value === '') {
      if (key !== 'resourceVersion') continue;
    }
    if ((key === 'labels' || key === 'annotations') && Object.keys(value as object).length === 0) continue;
    if ((key === 'finalizers' || key === 'ownerReferences') && (value as unknown[]).length === 0) continue;
    out[key] = value;
  }
  return out as ObjectMeta;
}

// Being bound to a node is something that happens to a pod, not a change of what is asked for.
const isBinding = (info: ResourceInfo, current: KubeObject, next: KubeObject): boolean =>
  info.resource === 'pods' &&
  !current.spec?.nodeName &&
  equal({ ...current.spec, nodeName: next.spec?.nodeName }, next.spec);

/** Whether the change from `current` to `next` is one that raises the generation. */
export function raisesGeneration(info: ResourceInfo, current: KubeObject, next: KubeObject): boolean {
  if (info.generation === 'none') return false;
  if (info.generation === 'spec') return !equal(current.spec, next.spec) && !isBinding(info, current, next);
  const content = (o: KubeObject): unknown => {
    const { metadata: _, apiVersion: __, kind: ___, status, ...rest } = o;
    return info.status ? rest : { ...rest, ...(status === undefined ? {} : { status }) };
  };
  return !equal(content(current), content(next));
}

/** The object that a write of `given` to the main resource or to `subresource` makes of `current`. */
export function merged(
  info: ResourceInfo,
  current: KubeObject,
  given: KubeObject,
  subresource?: 'status' | 'scale',
): KubeObject {
  if (subresource === 'status') {
    const { status: _, ...rest } = current;
    return given.status === undefined ? (rest as KubeObject) : { ...current, status: given.status };
  }
  const { status: _, ...rest } = given;
  const metadata = updatedMetadata(current.metadata, given.metadata);
  const next = {
    ...(info.status ? rest : given),
    apiVersion: current.apiVersion,
    kind: current.kind,
    metadata,
  } as KubeObject;
  if (info.status && current.status !== undefined) next.status = current.status;
  if (raisesGeneration(info, current, next))
    next.metadata = { ...metadata, generation: (current.metadata.generation ?? 0) + 1 };
  return next;
}
