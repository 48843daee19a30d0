import type { StoredObject } from '../kube.mjs';

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** A time that was still to come when the moment was stored. */
const DEADLINE = /deadline/i;
/** No deadline may pass between the loading and what is looked at: that takes as long as the machine is slow, and a deadline is seconds ahead. */
const FURTHER_AHEAD_MS = 10 * 60_000;
const WORKLOAD_GENERATION = 'rollout.argoproj.io/workload-generation';
const DEAD_METRICS = /http:\/\/(127\.0\.0\.1|localhost):\d+/g;

/** What becomes of a stored moment in another cluster, at another time. */
export interface Setting {
  readonly namespace: string;
  /** The time that the moment's latest time becomes, deadlines aside; epoch milliseconds. */
  readonly nowMs: number;
  /** Base URL of the stand-in for metric back ends. */
  readonly metricsUrl: string;
}

/** Moves every object of a moment to the namespace, time and metric address of `setting`. Uids and generations stay the stored ones. */
export function movedTo(setting: Setting, moment: readonly StoredObject[]): StoredObject[] {
  const stored = moment[0]?.metadata.namespace;
  const shiftMs = setting.nowMs - latestTime(moment);
  const move = (text: string, field: string): string => {
    const byMs = DEADLINE.test(field) ? shiftMs + FURTHER_AHEAD_MS : shiftMs;
    const moved = text.replace(TIME, (time) => shifted(time, byMs)).replace(DEAD_METRICS, setting.metricsUrl);
    return stored === undefined ? moved : moved.replaceAll(stored, setting.namespace);
  };
  return moment.map((object) => mapTexts(object, move) as StoredObject);
}

function latestTime(moment: readonly StoredObject[]): number {
  let latest = -Infinity;
  const look = (value: unknown, field: string): void => {
    if (typeof value === 'string' && !DEADLINE.test(field))
      for (const [time] of value.matchAll(TIME)) latest = Math.max(latest, Date.parse(time));
    else if (value && typeof value === 'object') for (const [name, part] of Object.entries(value)) look(part, name);
  };
  look(moment, '');
  return latest;
}

// Times in statuses have whole seconds; a fraction would be read as another format.
function shifted(time: string, byMs: number): string {
  const text = new Date(Date.parse(time) + byMs).toISOString();
  return time.includes('.') ? text : text.replace(/\.\d+Z$/, 'Z');
}

function mapTexts(value: unknown, map: (text: string, field: string) => string, field = ''): unknown {
  if (typeof value === 'string') return map(value, field);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map, field));
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key, ''), mapTexts(item, map, key)]));
  return value;
}

/** What is known of the objects that have been created so far. */
export interface Recreated {
  /** Uids of this cluster by the stored ones. */
  readonly uids: Map<string, string>;
  /** What the generation of the workload that the Rollout refers to has changed by. */
  workloadGenerationShift: number;
}

/** The object as it can be created: without what only an API server writes, and with uids and generations of this cluster. */
export function creatable(object: StoredObject, recreated: Recreated) {
  const { uid, resourceVersion, generation, creationTimestamp, managedFields, ownerReferences, ...metadata } =
    object.metadata;
  const { status, ...rest } = withUids(object, recreated);
  const owners = ownerReferences?.flatMap((owner) => {
    const owned = recreated.uids.get(owner.uid);
    return owned === undefined ? [] : [{ ...owner, uid: owned }];
  });
  const annotations = withWorkloadGeneration(object, recreated);
  return {
    ...withoutAddresses(rest),
    metadata: {
      ...metadata,
      ...(annotations && { annotations }),
      ...(owners?.length ? { ownerReferences: owners } : {}),
    },
  };
}

// A Service's addresses are given by the cluster that it is in.
function withoutAddresses(object: Record<string, unknown>) {
  if (object['kind'] !== 'Service') return object;
  const { clusterIP, clusterIPs, ...spec } = object['spec'] as Record<string, unknown>;
  return { ...object, spec };
}

// The Rollout carries it, and so does each of its ReplicaSets.
function withWorkloadGeneration({ metadata: { annotations } }: StoredObject, recreated: Recreated) {
  const stored = annotations?.[WORKLOAD_GENERATION];
  if (stored === undefined) return annotations;
  return { ...annotations, [WORKLOAD_GENERATION]: String(Number(stored) + recreated.workloadGenerationShift) };
}

/** The stored status, as true of the object's new generation as it was of the stored one. */
export function statusFor(object: StoredObject, created: StoredObject, recreated: Recreated): Record<string, unknown> {
  const { status = {} } = withUids(object, recreated);
  const shifts = {
    observedGeneration: Number(created.metadata.generation) - Number(object.metadata.generation),
    workloadObservedGeneration: recreated.workloadGenerationShift,
  };
  const out = { ...status } as Record<string, unknown>;
  for (const [field, shift] of Object.entries(shifts)) {
    const stored = out[field] as string | number | undefined;
    if (stored === undefined) continue;
    out[field] = typeof stored === 'string' ? String(Number(stored) + shift) : stored + shift;
  }
  return out;
}

function withUids(object: StoredObject, { uids }: Recreated): StoredObject {
  return mapTexts(object, (text) => uids.get(text) ?? text) as StoredObject;
}
