// From a backend to the pods that can answer: Service → EndpointSlices → ready endpoints, of the subset if there is one.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { DestinationRule, Service } from '../objects/shapes.ts';
import { byAge, serviceOfHost } from './matching.ts';
import type { Backend } from './route.ts';

export interface Endpoint {
  readonly namespace: string;
  /** Undefined for an endpoint that is no pod. */
  readonly pod: string | undefined;
  readonly address: string;
  readonly port: number | undefined;
}

export type NoEndpoints = 'no-such-service' | 'no-such-port' | 'no-such-subset' | 'no-ready-pods';

type Labels = Readonly<Record<string, string>>;

/** Ready endpoints, never an empty list: instead, why there are none. */
export function readyEndpoints(objects: ClusterObjects, backend: Backend): readonly Endpoint[] | NoEndpoints {
  const { namespace, service: name } = backend;
  const service = objects.get('services', namespace, name);
  if (!service) return 'no-such-service';
  const port = portOf(service, backend.port);
  if (!port) return 'no-such-port';
  const labels = subsetLabels(objects, backend);
  if (!labels) return 'no-such-subset';
  const endpoints = objects.slicesOf(namespace, name).flatMap((slice) => {
    const offered = slice.ports?.find((p) => (p.name ?? '') === (port.name ?? ''));
    if (!offered) return [];
    return (slice.endpoints ?? []).flatMap(({ addresses, conditions, targetRef }): Endpoint[] => {
      if (conditions?.ready === false) return [];
      const pod = targetRef?.kind === 'Pod' ? targetRef.name : undefined;
      const found = { namespace, pod, address: addresses[0] ?? '', port: offered.port };
      return hasLabels(objects, found, labels) ? [found] : [];
    });
  });
  return endpoints.length > 0 ? endpoints : 'no-ready-pods';
}

function portOf({ spec }: Service, wanted: number | string | undefined) {
  const ports = spec?.ports ?? [];
  return wanted === undefined ? ports[0] : ports.find(({ port, name }) => port === wanted || name === wanted);
}

function hasLabels(objects: ClusterObjects, { namespace, pod }: Endpoint, labels: Labels): boolean {
  const wanted = Object.entries(labels);
  if (wanted.length === 0) return true;
  const own = pod === undefined ? undefined : objects.get('pods', namespace, pod)?.metadata.labels;
  return wanted.every(([key, value]) => own?.[key] === value);
}

/** The labels of the backend's subset, empty without one; undefined when no DestinationRule of its host knows the subset. */
export function subsetLabels(
  objects: ClusterObjects,
  { namespace, service, subset }: Pick<Backend, 'namespace' | 'service' | 'subset'>,
): Labels | undefined {
  if (!subset) return {};
  // The rule beside the route wins over the one beside the Service.
  for (const from of new Set([subset.from, namespace])) {
    const rules = objects.list('destinationrules', from).filter((rule) => isFor(rule, namespace, service));
    const found = rules
      .toSorted(byAge)
      .flatMap(({ spec }) => spec?.subsets ?? [])
      .find(({ name }) => name === subset.name);
    if (found) return found.labels ?? {};
  }
  return undefined;
}

function isFor({ spec, metadata }: DestinationRule, namespace: string, service: string): boolean {
  const host = serviceOfHost(spec?.host ?? '', metadata.namespace ?? '');
  return host.service === service && host.namespace === namespace;
}
