// Finds resources: the built-in ones and those that CustomResourceDefinitions add while the server runs.
import { builtinResources } from './builtin.ts';
import type { ResourceInfo } from './resource.ts';
import { storageKey } from './resource.ts';

export interface GroupVersions {
  readonly group: string;
  /** Preferred first. */
  readonly versions: readonly string[];
  readonly resources: readonly ResourceInfo[];
}

export interface Registry {
  /** The resource whatever its version. */
  byKey(group: string, resource: string): ResourceInfo | undefined;
  /** The resource if it is served in that version. */
  served(group: string, version: string, resource: string): ResourceInfo | undefined;
  byKind(group: string, kind: string): ResourceInfo | undefined;
  all(): readonly ResourceInfo[];
  groups(): readonly GroupVersions[];
  define(info: ResourceInfo): void;
  undefine(group: string, resource: string): void;
  /** Rises with each change, for documents that are built from the registry. */
  revision(): number;
}

// Kubernetes orders GA before beta before alpha, and higher numbers first.
function versionPriority(version: string): [number, number, number] {
  const m = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!m) return [-1, 0, 0];
  return [m[2] === undefined ? 2 : m[2] === 'beta' ? 1 : 0, Number(m[1]), Number(m[3] ?? 0)];
}

export function compareVersions(a: string, b: string): number {
  const [x, y] = [versionPriority(a), versionPriority(b)];
  return y[0] - x[0] || y[1] - x[1] || y[2] - x[2] || (a < b ? -1 : a > b ? 1 : 0);
}

export function createRegistry(): Registry {
  const resources = new Map<string, ResourceInfo>(builtinResources.map((r) => [storageKey(r), r]));
  let revision = 1;
  let groups: GroupVersions[] | undefined;
  const changed = (): void => {
    revision++;
    groups = undefined;
  };
  const buildGroups = (): GroupVersions[] => {
    const byGroup = new Map<string, ResourceInfo[]>();
    for (const r of resources.values()) byGroup.set(r.group, [...(byGroup.get(r.group) ?? []), r]);
    return [...byGroup].map(([group, list]) => ({
      group,
      versions: [...new Set(list.flatMap((r) => r.versions))].sort(compareVersions),
      resources: list,
    }));
  };
  return {
    byKey: (group, resource) => resources.get(`${group}/${resource}`),
    served(group, version, resource) {
      const r = resources.get(`${group}/${resource}`);
      return r?.versions.includes(version) ? r : undefined;
    },
    byKind: (group, kind) => [...resources.values()].find((r) => r.group === group && r.kind === kind),
    all: () => [...resources.values()],
    groups: () => (groups ??= buildGroups()),
    define(info) {
      resources.set(storageKey(info), info);
      changed();
    },
    undefine(group, resource) {
      if (resources.delete(`${group}/${resource}`)) changed();
    },
    revision: () => revision,
  };
}
