import { admitted, withoutEmptyMaps } from './admission.ts';
import { apiVersions, isDeleting, timeText, versionOf } from './objects.ts';
import type { Kind, StoredKinds } from './objects.ts';

/** Why the API server did not do it. */
export type Refusal = 'Conflict' | 'NotFound' | 'AlreadyExists' | 'Refused';
export type Written<T> = { readonly ok: true; readonly object: T } | { readonly ok: false; readonly reason: Refusal };

/** What the writer knows about the object; a write of something else conflicts. Both empty: unconditional. */
export interface Precondition {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

type Tables = { [K in Kind]: Map<string, StoredKinds[K]> };

/** Objects are immutable: a write puts another one in their place, so that whoever holds the old one holds the past. */
export class Store {
  readonly #tables: Tables = {
    Rollout: new Map(),
    ReplicaSet: new Map(),
    Service: new Map(),
    Deployment: new Map(),
    PodTemplate: new Map(),
    Pod: new Map(),
    AnalysisRun: new Map(),
    AnalysisTemplate: new Map(),
    Experiment: new Map(),
  };
  readonly #written: (kind: Kind, object: StoredKinds[Kind], change: 'written' | 'deleted') => void;
  readonly namespace: string;
  #version = 0;
  #uids = 0;
  now: number;

  constructor(
    now: number,
    namespace: string,
    written: (kind: Kind, object: StoredKinds[Kind], change: 'written' | 'deleted') => void,
  ) {
    this.now = now;
    this.namespace = namespace;
    this.#written = written;
  }

  get<K extends Kind>(kind: K, name: string): StoredKinds[K] | undefined {
    return this.table(kind).get(name);
  }

  list<K extends Kind>(kind: K): StoredKinds[K][] {
    return [...this.table(kind).values()];
  }

  table<K extends Kind>(kind: K): ReadonlyMap<string, StoredKinds[K]> {
    return this.#tables[kind];
  }

  /** The resourceVersion of the newest write. */
  get version(): number {
    return this.#version;
  }

  create<K extends Kind>(kind: K, manifest: StoredKinds[K]): Written<StoredKinds[K]> {
    const { name } = manifest.metadata;
    if (this.table(kind).has(name)) return { ok: false, reason: 'AlreadyExists' };
    const metadata = {
      ...withoutEmptyMaps(manifest.metadata),
      namespace: this.namespace,
      uid: this.#nextUid(),
      resourceVersion: this.#nextVersion(),
      generation: 1,
      creationTimestamp: timeText(this.now),
    };
    const object = admitted(kind, { apiVersion: apiVersions[kind], ...manifest, kind, metadata } as StoredKinds[K]);
    this.#put(kind, object);
    return { ok: true, object };
  }

  /** `next` is a changed copy; one that says the same is no write. The generation counts changes of anything but metadata and status. */
  replace<K extends Kind>(
    kind: K,
    name: string,
    precondition: Precondition,
    next: (current: StoredKinds[K]) => StoredKinds[K],
  ): Written<StoredKinds[K]> {
    const current = this.get(kind, name);
    const refusal = refusalOf(current, precondition);
    if (current === undefined || refusal) return { ok: false, reason: refusal ?? 'NotFound' };
    const changed = admitted(kind, next(current));
    if (changed === current || saysTheSame(current, changed)) return { ok: true, object: current };
    const generation = (current.metadata.generation ?? 1) + (sameSpec(current, changed) ? 0 : 1);
    const object: StoredKinds[K] = {
      ...changed,
      metadata: { ...changed.metadata, resourceVersion: this.#nextVersion(), generation },
    };
    this.#put(kind, object);
    return { ok: true, object };
  }

  /** Gone at once: what lingers (pods) does so by its owner's doing. */
  remove<K extends Kind>(kind: K, name: string, precondition: Precondition = {}): Written<StoredKinds[K]> {
    const current = this.get(kind, name);
    const refusal = refusalOf(current, precondition);
    if (current === undefined || refusal) return { ok: false, reason: refusal ?? 'NotFound' };
    this.#version++;
    (this.#tables[kind] as Map<string, StoredKinds[K]>).delete(name);
    this.#written(kind, current, 'deleted');
    return { ok: true, object: current };
  }

  /** Puts an object in as it is, with its uid and times: to rebuild a moment of another cluster. */
  restore<K extends Kind>(kind: K, object: StoredKinds[K]): void {
    this.#put(kind, {
      ...object,
      metadata: { ...object.metadata, namespace: this.namespace, resourceVersion: this.#nextVersion() },
    });
  }

  #put<K extends Kind>(kind: K, object: StoredKinds[K]): void {
    (this.#tables[kind] as Map<string, StoredKinds[K]>).set(object.metadata.name, object);
    this.#written(kind, object, 'written');
  }

  #nextVersion(): string {
    return String(++this.#version);
  }

  #nextUid(): string {
    return `00000000-0000-4000-8000-${String(++this.#uids).padStart(12, '0')}`;
  }
}

function refusalOf(
  current: StoredKinds[Kind] | undefined,
  { uid, resourceVersion }: Precondition,
): Refusal | undefined {
  if (current === undefined) return 'NotFound';
  if (uid && current.metadata.uid !== uid) return 'Conflict';
  if (resourceVersion && String(versionOf(current)) !== resourceVersion) return 'Conflict';
  return isDeleting(current) && resourceVersion ? 'Conflict' : undefined;
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

function saysTheSame(a: StoredKinds[Kind], b: StoredKinds[Kind]): boolean {
  const fields = (object: object) => object as Readonly<Record<string, unknown>>;
  return Object.keys({ ...a, ...b }).every((field) => same(fields(a)[field], fields(b)[field]));
}

function sameSpec(a: StoredKinds[Kind], b: StoredKinds[Kind]): boolean {
  if ('template' in a && 'template' in b) return same(a.template, b.template);
  return same('spec' in a ? a.spec : undefined, 'spec' in b ? b.spec : undefined);
}
