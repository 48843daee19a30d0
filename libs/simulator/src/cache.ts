import type { KubeObject } from '@sluice/model';
import { versionOf } from './objects.ts';
import type { Kind, StoredKinds } from './objects.ts';
import type { Store } from './store.ts';

/**
 * What the controller's watches have delivered. Deliveries can be held back, for a whole kind or for one object: the cache
 * then shows the past until they are released.
 */
export class Cache {
  readonly #store: Store;
  readonly #heldKinds = new Map<Kind, ReadonlyMap<string, KubeObject>>();
  readonly #heldObjects = new Map<string, KubeObject | undefined>();
  /** Read your writes: what the controller wrote itself, by object, until the cache shows it. */
  readonly #written = new Map<string, { kind: Kind; name: string; version: number }>();

  constructor(store: Store) {
    this.#store = store;
  }

  get isCurrent(): boolean {
    return this.#heldKinds.size === 0 && this.#heldObjects.size === 0;
  }

  holdKind(kind: Kind): void {
    if (!this.#heldKinds.has(kind)) this.#heldKinds.set(kind, new Map(this.#store.table(kind)));
  }

  holdObject(kind: Kind, name: string): void {
    const key = `${kind}/${name}`;
    if (!this.#heldObjects.has(key)) this.#heldObjects.set(key, this.get(kind, name));
  }

  release(): void {
    this.#heldKinds.clear();
    this.#heldObjects.clear();
  }

  /** A new controller lists everything afresh and knows of no writes of its own. */
  restart(): void {
    this.release();
    this.#written.clear();
  }

  get<K extends Kind>(kind: K, name: string): StoredKinds[K] | undefined {
    const key = `${kind}/${name}`;
    if (this.#heldObjects.has(key)) return this.#heldObjects.get(key) as StoredKinds[K] | undefined;
    const held = this.#heldKinds.get(kind);
    return held ? (held.get(name) as StoredKinds[K] | undefined) : this.#store.get(kind, name);
  }

  list<K extends Kind>(kind: K): StoredKinds[K][] {
    const visible = this.#heldKinds.get(kind) as ReadonlyMap<string, StoredKinds[K]> | undefined;
    const all = [...(visible ?? this.#store.table(kind)).values()];
    if (this.#heldObjects.size === 0) return all;
    const names = new Set(all.map((object) => object.metadata.name));
    for (const [key, object] of this.#heldObjects)
      if (object && key.startsWith(`${kind}/`)) names.add(object.metadata.name);
    return [...names].map((name) => this.get(kind, name)).filter((object) => object !== undefined);
  }

  wrote(kind: Kind, object: KubeObject): void {
    const { name } = object.metadata;
    this.#written.set(`${kind}/${name}`, { kind, name, version: versionOf(object) });
  }

  /** True while the cache is older than one of the controller's own writes: a decision would repeat it. */
  isBehind(): boolean {
    for (const [key, { kind, name, version }] of this.#written) {
      const cached = this.get(kind, name);
      // What was written and is gone from the cluster will never be seen again.
      const seen = cached ? versionOf(cached) >= version : this.#store.get(kind, name) === undefined;
      if (seen) this.#written.delete(key);
    }
    return this.#written.size > 0;
  }
}
