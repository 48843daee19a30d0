// Was it avoidable? A request that reached nobody while another version of the same application could have answered was sent there in the wrong order.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { Pod, Service } from '../objects/shapes.ts';
import { podTemplateHashLabel } from '../objects/shapes.ts';
import { hashOf, isReady, rolloutsOfService, versionOf } from '../pods/identity.ts';
import { readyEndpoints, subsetLabels } from './endpoints.ts';
import type { Unserved } from './resolve.ts';
import type { Backend } from './route.ts';

export interface Judgement {
  readonly avoidable: boolean;
  /** The versions that had ready pods, with how many. */
  readonly otherVersions: readonly { readonly version: string; readonly hash: string; readonly readyPods: number }[];
  /** The pods that the destination selects, none of them ready: whether they are coming, going or not there tells what was done too early or too late. */
  readonly pods: { readonly notReady: number; readonly terminating: number };
}

/** A wrong port number is nobody's order. */
const neverAvoidable = new Set<Unserved['reason']>(['no-such-port']);

export function judge(objects: ClusterObjects, unserved: Unserved): Judgement {
  const { backend, route, reason } = unserved;
  const others = route.backends
    .filter((other) => other !== backend)
    .flatMap((other) => readyPodsBehind(objects, other))
    .concat(backend ? readySiblings(objects, backend) : []);
  const selected = backend ? podsSelected(objects, backend) : [];
  const terminating = selected.filter((pod) => pod.metadata.deletionTimestamp).length;
  return {
    avoidable: others.length > 0 && !neverAvoidable.has(reason) && !(backend && isPreview(objects, backend)),
    otherVersions: countVersions(others),
    pods: { notReady: selected.length - terminating, terminating },
  };
}

function readyPodsBehind(objects: ClusterObjects, backend: Backend): Pod[] {
  const endpoints = readyEndpoints(objects, backend);
  if (typeof endpoints === 'string') return [];
  return endpoints.flatMap(({ namespace, pod }) => (pod && objects.get('pods', namespace, pod)) || []);
}

/** Ready pods that the backend would select if it named no version. */
function readySiblings(objects: ClusterObjects, backend: Backend): Pod[] {
  const selector = selectorOf(objects, backend);
  if (!selector) return [];
  const { [podTemplateHashLabel]: _version, ...application } = selector;
  return matching(objects, backend.namespace, application).filter((pod) => isReady(pod));
}

const podsSelected = (objects: ClusterObjects, backend: Backend): Pod[] => {
  const selector = selectorOf(objects, backend);
  return selector ? matching(objects, backend.namespace, selector) : [];
};

function selectorOf(objects: ClusterObjects, backend: Backend): Record<string, string> | undefined {
  const service: Service | undefined = objects.get('services', backend.namespace, backend.service);
  if (!service?.spec?.selector) return undefined;
  return { ...service.spec.selector, ...subsetLabels(objects, backend) };
}

const matching = (objects: ClusterObjects, namespace: string, labels: Readonly<Record<string, string>>): Pod[] => {
  const wanted = Object.entries(labels);
  if (wanted.length === 0) return [];
  return objects
    .list('pods', namespace)
    .filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value));
};

function countVersions(pods: readonly Pod[]): Judgement['otherVersions'] {
  const byHash = new Map<string, { version: string; hash: string; readyPods: number }>();
  for (const pod of new Set(pods)) {
    const hash = hashOf(pod);
    const known = byHash.get(hash) ?? { version: versionOf(pod), hash, readyPods: 0 };
    byHash.set(hash, { ...known, readyPods: known.readyPods + 1 });
  }
  return [...byHash.values()];
}

/** A preview follows the preview, also where that has no pods: no live traffic is meant to be there. */
const isPreview = (objects: ClusterObjects, { namespace, service }: Backend): boolean =>
  rolloutsOfService(objects, namespace, service).some(
    ({ spec }) =>
      spec?.strategy?.blueGreen?.previewService === service && spec.strategy.blueGreen.activeService !== service,
  );
