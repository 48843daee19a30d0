import type { Destination, RolloutRef } from '@sluice/contracts';
import { keyOf } from '@sluice/kube';
import type { KubeClient, ObjectKey, RawObject, ResourceRef } from '@sluice/kube';
import type { WatchedClient } from './watched-client.ts';

/** A rollout for which objects were made. */
export interface MadeRollout {
  readonly rollout: RolloutRef;
  readonly configJson: string;
  readonly stable: Destination;
  readonly canary: Destination;
  readonly extras?: readonly Destination[];
}

export interface Place {
  readonly ref: ResourceRef;
  readonly key: ObjectKey;
}

/** What is to be known about one kind of route, so that the contract's conformance suite can look at it. */
export interface RouteFixture {
  readonly namespace: string;
  /** Kinds of all objects that `make` makes. */
  readonly kinds: readonly ResourceRef[];
  /** Objects of a new rollout with so many routes, amid foreign ones, and the user's section of its manifest. */
  make(names: Names, routes: number): { readonly objects: readonly RawObject[]; readonly config: object };
  /** The objects of another rollout with this one's routes put in. Undefined: two rollouts cannot share one. */
  readonly share?: (names: Names, object: RawObject) => RawObject;
  /** Configuration of the one that shares, from that of the other. */
  readonly sharedConfig?: (names: Names, config: object) => object;
  /** The objects that hold the weights, in the order of the configuration. They may not exist yet. */
  places(made: MadeRollout): readonly Place[];
  /** The objects that a user would delete. */
  named(made: MadeRollout): readonly Place[];
  /** Shares of Services in one of `places`. */
  weightsIn(object: RawObject | undefined, made: MadeRollout): Readonly<Record<string, number>>;
  /** Names of routes of steps in one of `places`, as in the intent. */
  managedIn(
    object: RawObject | undefined,
    made: MadeRollout,
  ): { readonly headerRoutes: readonly string[]; readonly mirrorRoutes: readonly string[] };
  /** One of `places` after somebody has given the canary this share. */
  tampered(object: RawObject, made: MadeRollout, weight: number): RawObject;
  /** One of `places` after somebody has changed something foreign in it. */
  withForeignChange(object: RawObject): RawObject;
  /** An object without all that rollouts own; undefined where nothing is left. */
  foreignIn(object: RawObject): unknown;
}

export interface Names {
  readonly rollout: string;
  readonly stable: string;
  readonly canary: string;
}

export interface WorldOptions {
  readonly fixture: RouteFixture;
  /** For the world itself: another writer than the router. */
  readonly admin: KubeClient;
  /** The router's own client. */
  readonly watched: WatchedClient;
}

interface Shown {
  readonly routes: readonly { readonly name: string; readonly weights: Readonly<Record<string, number>> }[];
  readonly headerRoutes: readonly string[];
  readonly mirrorRoutes: readonly string[];
}

/** The world of a router whose routes are Kubernetes objects, as the conformance suite takes it (`RouterWorld`). */
export function createRouterWorld({ fixture, admin, watched }: WorldOptions) {
  const { namespace } = fixture;
  const histories = new Map<string, Shown[]>();
  const made: MadeRollout[] = [];
  let count = 0;

  const refOf = (object: RawObject): ResourceRef => {
    const ref = fixture.kinds.find(({ kind }) => kind === object.kind);
    if (ref === undefined) throw new Error(`the fixture names no kind ${object.kind ?? ''}`);
    return ref;
  };
  const present = ({ ref, key }: Place): Promise<RawObject | undefined> => admin.find(ref, key);
  const change = async (place: Place, to: (object: RawObject) => RawObject): Promise<void> => {
    const object = await present(place);
    if (object !== undefined) await admin.replace(place.ref, to(object));
  };
  const placeOf = (rollout: MadeRollout, index: number): Place => {
    const place = fixture.places(rollout)[index];
    if (place === undefined) throw new Error(`rollout ${rollout.rollout.name} has no route ${index}`);
    return place;
  };

  async function routed(rollout: MadeRollout): Promise<Shown> {
    const places = fixture.places(rollout);
    const objects = await Promise.all(places.map(present));
    const managed = objects.map((object) => fixture.managedIn(object, rollout));
    const all = (names: readonly (readonly string[])[]): string[] => [...new Set(names.flat())];
    return {
      routes: places.map(({ key }, index) => ({
        name: key.name ?? '',
        weights: fixture.weightsIn(objects[index], rollout),
      })),
      headerRoutes: all(managed.map(({ headerRoutes }) => headerRoutes)),
      mirrorRoutes: all(managed.map(({ mirrorRoutes }) => mirrorRoutes)),
    };
  }

  // Every state that a write has led to, for all rollouts: which one wrote does not matter.
  watched.onWrite = async () => {
    for (const rollout of made.slice(-2)) histories.get(rollout.rollout.uid)?.push(await routed(rollout));
  };

  async function createRollout(
    options: { readonly routes?: number; readonly sharing?: MadeRollout } = {},
  ): Promise<MadeRollout | undefined> {
    const name = `rollout-${++count}`;
    const names: Names = { rollout: name, stable: `${name}-stable`, canary: `${name}-canary` };
    const { sharing } = options;
    const config =
      sharing === undefined ? await makeObjects(names, options.routes ?? 1) : await shareObjects(names, sharing);
    if (config === undefined) return undefined;
    const uid = `${name}-uid`;
    const side = (service: string) => ({ service, podTemplateHash: '' });
    const extras = [`${name}-6765f5f78d-2-1-one`, `${name}-own-name`].map((service) => ({
      service,
      podTemplateHash: 'extra',
    }));
    const rollout = {
      rollout: { namespace, name, uid },
      configJson: JSON.stringify(config),
      stable: side(names.stable),
      canary: side(names.canary),
      extras,
    };
    made.push(rollout);
    histories.set(uid, []);
    return rollout;
  }

  async function makeObjects(names: Names, routes: number): Promise<object> {
    const { objects, config } = fixture.make(names, routes);
    for (const object of objects) await admin.create(refOf(object), object);
    return config;
  }

  async function shareObjects(names: Names, { configJson, ...sharing }: MadeRollout): Promise<object | undefined> {
    const { share, sharedConfig } = fixture;
    if (share === undefined || sharedConfig === undefined) return undefined;
    for (const place of fixture.named({ configJson, ...sharing }))
      await change(place, (object) => share(names, object));
    return sharedConfig(names, JSON.parse(configJson) as object);
  }

  const tamper = (rollout: MadeRollout, weight: number): Promise<void> =>
    change(placeOf(rollout, 0), (object) => fixture.tampered(object, rollout, weight));

  return {
    createRollout,
    routed,
    async foreign(): Promise<string> {
      const lists = await Promise.all(fixture.kinds.map((ref) => admin.list(ref, { namespace })));
      const parts = lists.flatMap(({ items }) => items.map((item) => [keyOf(item.metadata), fixture.foreignIn(item)]));
      return JSON.stringify(
        parts.filter(([, part]) => part !== undefined),
        null,
        1,
      );
    },
    writes: async () => watched.writes(),
    async removeRoutes(rollout: MadeRollout): Promise<void> {
      for (const { ref, key } of fixture.named(rollout)) await admin.remove(ref, key);
    },
    history: async (rollout: MadeRollout) => histories.get(rollout.rollout.uid) ?? [],
    faults: {
      async hold(): Promise<void> {
        watched.faults.held = true;
      },
      async conflict(times: number): Promise<() => number> {
        const before = watched.refusedWrites();
        watched.faults.conflicts = times;
        return () => watched.refusedWrites() - before;
      },
      async refuseWrites(rollout: MadeRollout, route: number): Promise<void> {
        watched.faults.refused = new Set([placeOf(rollout, route).key.name ?? '']);
      },
      tamper,
      async tamperAfterWrite(rollout: MadeRollout, weight: number): Promise<void> {
        watched.faults.afterWrite = () => tamper(rollout, weight);
      },
      async foreignWriteBeforeWrite(rollout: MadeRollout): Promise<void> {
        watched.faults.beforeWrite = () => change(placeOf(rollout, 0), fixture.withForeignChange);
      },
      async clear(): Promise<void> {
        Object.assign(watched.faults, {
          held: false,
          conflicts: 0,
          refused: new Set(),
          beforeWrite: undefined,
          afterWrite: undefined,
        });
      },
    },
  };
}
