// What is served: the old lists per group and version, and the aggregated document that newer clients ask for.
import type { GroupVersions, Registry } from '../registry/registry.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { Json } from '../storage/values.ts';
import { storageVersionHash } from './kinds.ts';
import type { ApiResponse } from './message.ts';
import { json } from './message.ts';
import { negotiate } from './negotiate.ts';
import { subresourcesOf, verbsOf } from './route.ts';

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const verbsOfResource = (r: ResourceInfo): string[] => (r.review ? ['create'] : allVerbs);

const subresourceKinds: Record<string, { group: string; version: string; kind: string }> = {
  scale: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  eviction: { group: 'policy', version: 'v1', kind: 'Eviction' },
  binding: { group: '', version: 'v1', kind: 'Binding' },
};

const served = (group: GroupVersions, version: string): ResourceInfo[] =>
  group.resources.filter((r) => r.versions.includes(version)).sort((a, b) => (a.resource < b.resource ? -1 : 1));

function groupDocument(group: GroupVersions): Json {
  const versions = group.versions.map((version) => ({ groupVersion: `${group.group}/${version}`, version }));
  return { name: group.group, versions, preferredVersion: versions[0] };
}

function resourceList(group: GroupVersions, version: string): Json {
  const resources = served(group, version).flatMap((r) => [
    {
      name: r.resource,
      singularName: r.singular,
      namespaced: r.namespaced,
      kind: r.kind,
      verbs: verbsOfResource(r),
      ...(r.shortNames.length > 0 ? { shortNames: r.shortNames } : {}),
      ...(r.categories.length > 0 ? { categories: r.categories } : {}),
      ...(r.review ? {} : { storageVersionHash: storageVersionHash(r.group, r.storageVersion, r.kind) }),
    },
    ...subresourcesOf(r).map((sub) => {
      const kind = subresourceKinds[sub];
      return {
        name: `${r.resource}/${sub}`,
        singularName: '',
        namespaced: r.namespaced,
        kind: r.kind,
        ...kind,
        verbs: verbsOf(sub),
      };
    }),
  ]);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group.group ? `${group.group}/${version}` : version,
    resources,
  };
}

function aggregated(groups: readonly GroupVersions[]): Json {
  const items = groups.map((group) => ({
    metadata: { name: group.group || undefined, creationTimestamp: null },
    versions: group.versions.map((version) => ({
      version,
      resources: served(group, version).map((r) => ({
        resource: r.resource,
        responseKind: { group: r.group, version, kind: r.kind },
        scope: r.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: r.singular,
        verbs: verbsOfResource(r),
        ...(r.shortNames.length > 0 ? { shortNames: r.shortNames } : {}),
        ...(r.categories.length > 0 ? { categories: r.categories } : {}),
        subresources: subresourcesOf(r).map((sub) => ({
          subresource: sub,
          responseKind: subresourceKinds[sub] ?? { group: r.group, version, kind: r.kind },
          verbs: verbsOf(sub),
        })),
      })),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

export const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Undefined when `path` is no discovery path. */
export function discovery(registry: Registry, path: string, accept: string): ApiResponse | undefined {
  const [root, group, version, ...more] = path.split('/').filter((s) => s !== '');
  if (more.length > 0 || (root !== 'api' && root !== 'apis')) return undefined;
  const groups = registry.groups();
  const named = groups.filter((g) => g.group !== '').sort((a, b) => (a.group < b.group ? -1 : 1));
  const core = groups.filter((g) => g.group === '');
  if (group === undefined) {
    if (negotiate(accept).form === 'discovery')
      return { ...json(200, aggregated(root === 'api' ? core : named)), contentType: aggregatedType };
    if (root === 'api') return json(200, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
    return json(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(groupDocument) });
  }
  const found = root === 'api' ? core[0] : named.find((g) => g.group === group);
  const wanted = root === 'api' ? group : version;
  if (root === 'api' && version !== undefined) return undefined;
  if (!found) return undefined;
  if (wanted === undefined) return json(200, { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(found) });
  return found.versions.includes(wanted) ? json(200, resourceList(found, wanted)) : undefined;
}
