// Adapter: the data plane hears of every write to the local cluster's store, in the same turn.
import type { KubeObject, Store } from '../../storage/store.ts';
import type { WritableObjects } from './cluster-objects.ts';
import type { KindName, RoutedObject } from './shapes.ts';
import { kindNames, kindRefs } from './shapes.ts';

export interface Following {
  /** After the store was reset: forgets what is gone, reads what is there. */
  reread(): void;
  stop(): void;
}

const routed = (o: KubeObject): RoutedObject => o as unknown as RoutedObject;

export function followStore(store: Store, objects: WritableObjects): Following {
  const refOf = (kind: KindName) => ({ ...kindRefs[kind], resource: kind });
  const readAll = (): void => {
    for (const kind of kindNames) for (const object of store.list(refOf(kind))) objects.put(kind, routed(object));
  };
  const stops = kindNames.map((kind) =>
    store.subscribe(refOf(kind), ({ type, object }) => {
      if (type === 'DELETED') objects.remove(kind, object.metadata.namespace ?? '', object.metadata.name);
      else objects.put(kind, routed(object));
    }),
  );
  readAll();
  return {
    reread() {
      objects.clear();
      readAll();
    },
    stop: () => stops.forEach((stop) => stop()),
  };
}
