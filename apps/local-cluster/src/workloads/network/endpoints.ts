// The endpoints controllers: EndpointSlices, and the older Endpoints, of every Service with a selector.
import type { Context } from '../base/context.ts';
import { keyOf } from '../base/object-cache.ts';
import { controllerReference, fresh } from '../base/ownership.ts';
import type { Pod } from '../base/pod.ts';
import { endpointSlices, endpoints, services as resource } from '../base/resources.ts';
import type { Labels } from '../base/selector.ts';
import { hasLabels } from '../base/selector.ts';
import type { Backends } from './backends.ts';
import { backendsOf } from './backends.ts';
import type { Endpoint, EndpointSlice, Service } from './kinds.ts';

const serviceLabel = 'kubernetes.io/service-name';
const ownerLabel = 'endpointslice.kubernetes.io/managed-by';
const owner = 'endpointslice-controller.k8s.io';
const perSlice = 100;

export function startEndpointsController(context: Context): void {
  const { store, loop, pods } = context;
  const services = context.cache<Service>(resource);
  const slices = context.cache<EndpointSlice>(endpointSlices);

  const reconcile = (key: string): undefined => {
    const service = services.get(key);
    if (!service?.spec.selector || service.spec.type === 'ExternalName' || service.metadata.deletionTimestamp) return;
    const backends = backendsOf(service, pods.withLabels(service.metadata.namespace ?? '', service.spec.selector));
    writeSlices(service, backends);
    writeEndpoints(service, backends);
  };

  function writeSlices(service: Service, backends: readonly Backends[]): void {
    const { namespace = '', name } = service.metadata;
    const present = slices.withLabels(namespace, { [serviceLabel]: name, [ownerLabel]: owner });
    const free = new Set(present.filter((slice) => !slice.metadata.deletionTimestamp));
    for (const wanted of packed(backends)) {
      // The slice that already holds most of it is the one to change, so that watchers of the others hear nothing.
      const slice = closest(free, wanted);
      if (slice) free.delete(slice);
      writeSlice(service, slice, wanted);
    }
    for (const { metadata } of free) store.remove(endpointSlices, namespace, metadata.name);
  }

  function writeSlice(
    service: Service,
    slice: EndpointSlice | undefined,
    { ports, endpoints: wanted }: Backends,
  ): void {
    const { namespace, name } = service.metadata;
    const labels = { ...service.metadata.labels, [serviceLabel]: name, [ownerLabel]: owner };
    const content = { endpoints: inOrderOf(slice, wanted), ports: wanted.length ? [...ports] : null };
    if (!slice) {
      const metadata = { generateName: `${name}-`, namespace, labels, ownerReferences: [controllerReference(service)] };
      store.create(
        endpointSlices,
        fresh('discovery.k8s.io/v1', 'EndpointSlice', metadata, { addressType: 'IPv4', ...content }),
      );
      return;
    }
    store.modify(endpointSlices, namespace, slice.metadata.name, (draft) => {
      draft.metadata.labels = labels;
      Object.assign(draft, content);
    });
  }

  function writeEndpoints(service: Service, backends: readonly Backends[]): void {
    const { namespace, name } = service.metadata;
    const labels = { ...service.metadata.labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
    const subsets = backends.flatMap((b) => subsetOf(service, b));
    const content = subsets.length ? { subsets } : {};
    if (!store.get(endpoints, namespace, name)) {
      store.create(endpoints, fresh('v1', 'Endpoints', { name, namespace, labels }, content));
      return;
    }
    store.modify(endpoints, namespace, name, (draft) => {
      draft.metadata.labels = labels;
      delete draft.subsets;
      Object.assign(draft, content);
    });
  }

  const enqueue = loop.controller('endpoints', reconcile);
  services.onChange((now, before) => {
    if (now) enqueue(keyOf(now));
    if (before && before.metadata.uid !== now?.metadata.uid) removeAll(before);
  });
  function removeAll({ metadata: { namespace = '', name, uid } }: Service): void {
    store.remove(endpoints, namespace, name);
    for (const slice of slices.controlledBy(uid)) store.remove(endpointSlices, namespace, slice.metadata.name);
  }
  slices.onChange((now, before) => {
    const service = (now ?? before)!.metadata.labels?.[serviceLabel];
    if (!now && service) enqueue(`${before!.metadata.namespace}/${service}`);
  });
  pods.onChange((now, before) => {
    const { namespace = '' } = (now ?? before)!.metadata;
    if (now && before && !matters(now, before)) return;
    for (const service of services.inNamespace(namespace)) {
      const { selector } = service.spec;
      if (selector && [now, before].some((pod) => pod && hasLabels(pod.metadata.labels as Labels, selector)))
        enqueue(keyOf(service));
    }
  });
  services.start();
  slices.start();
}

/** Whether a pod's change can be seen in an endpoint. */
const matters = (now: Pod, before: Pod): boolean =>
  now.metadata.labels !== before.metadata.labels ||
  now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
  now.spec !== before.spec ||
  now.status?.podIP !== before.status?.podIP ||
  now.status?.phase !== before.status?.phase ||
  now.status?.conditions !== before.status?.conditions;

/** At most `perSlice` endpoints each; a Service without any has one empty slice. */
function packed(backends: readonly Backends[]): Backends[] {
  if (backends.length === 0) return [{ ports: [], endpoints: [] }];
  return backends.flatMap(({ ports, endpoints: all }) =>
    Array.from({ length: Math.ceil(all.length / perSlice) }, (_, i) => ({
      ports,
      endpoints: all.slice(i * perSlice, (i + 1) * perSlice),
    })),
  );
}

function closest(slices: ReadonlySet<EndpointSlice>, { endpoints: wanted }: Backends): EndpointSlice | undefined {
  if (slices.size <= 1) return [...slices][0];
  const uids = new Set(wanted.map((e) => e.targetRef.uid));
  const shared = (slice: EndpointSlice): number => slice.endpoints.filter((e) => uids.has(e.targetRef.uid)).length;
  return [...slices].reduce((best, slice) => (shared(slice) > shared(best) ? slice : best));
}

/** Endpoints keep their places in the slice. */
function inOrderOf(slice: EndpointSlice | undefined, wanted: readonly Endpoint[]): Endpoint[] {
  if (!slice) return [...wanted];
  const byUid = new Map(wanted.map((e) => [e.targetRef.uid, e]));
  const kept = slice.endpoints.flatMap((e) => byUid.get(e.targetRef?.uid) ?? []);
  for (const e of kept) byUid.delete(e.targetRef.uid);
  return [...kept, ...byUid.values()];
}

function subsetOf(service: Service, { ports, endpoints: all }: Backends): object[] {
  const addressOf = ({ addresses: [ip], nodeName, targetRef }: Endpoint): object => ({
    ip,
    ...(nodeName ? { nodeName } : {}),
    targetRef,
  });
  const listed = all.filter((e) => !e.conditions.terminating || service.spec.publishNotReadyAddresses);
  const ready = listed.filter((e) => e.conditions.ready).map(addressOf);
  const notReady = listed.filter((e) => !e.conditions.ready).map(addressOf);
  if (listed.length === 0 || ports.length === 0) return [];
  const named = ports.map(({ name, ...rest }) => (name ? { name, ...rest } : rest));
  return [
    {
      ...(ready.length ? { addresses: ready } : {}),
      ...(notReady.length ? { notReadyAddresses: notReady } : {}),
      ports: named,
    },
  ];
}
