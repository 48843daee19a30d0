// Hosts, paths and texts: what they match in each API.
import type { RoutedObject } from '../objects/shapes.ts';

/** The path's elements begin with those of `prefix`: `/a` matches `/a` and `/a/b`, not `/ab`. Ingress and Gateway API. */
export function hasPathPrefix(path: string, prefix: string): boolean {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path === bare || path.startsWith(`${bare}/`) || bare === '';
}

/** A whole-text regular expression in RE2's spelling, as far as JavaScript reads it; undefined when it does not, and then it matches nothing. */
export function wholeText(pattern: string): RegExp | undefined {
  const insensitive = pattern.startsWith('(?i)');
  try {
    return new RegExp(`^(?:${insensitive ? pattern.slice(4) : pattern})$`, insensitive ? 'i' : '');
  } catch {
    return undefined;
  }
}

/** `*.example.com` matches any number of labels before it (Istio, Gateway API). `*` matches all. */
export function hostFits(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : pattern === host;
}

/** Exact hosts before wildcards, longer before shorter: negative when `a` is the more specific pattern. */
export function bySpecificity(a: string, b: string): number {
  return Number(a.startsWith('*')) - Number(b.startsWith('*')) || b.length - a.length;
}

const ages = new WeakMap<RoutedObject, string>();

function ageOf(o: RoutedObject): string {
  let age = ages.get(o);
  if (age === undefined) ages.set(o, (age = `${o.metadata.creationTimestamp ?? ''} ${nameOf(o)}`));
  return age;
}

/** Oldest first, then by namespace and name: who wins when two objects claim the same. */
export const byAge = (a: RoutedObject, b: RoutedObject): number => compare(ageOf(a), ageOf(b));

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `namespace/name`. */
export const nameOf = (o: RoutedObject): string => `${o.metadata.namespace ?? ''}/${o.metadata.name}`;

const clusterName = /^([^.]+)\.([^.]+)(?:\.svc(?:\.cluster\.local)?)?$/;

/** The Service that a host name in the cluster stands for. Short names are completed with `namespace`. */
export function serviceOfHost(host: string, namespace: string): { namespace: string; service: string } {
  if (!host.includes('.')) return { namespace, service: host };
  const [, service, of] = clusterName.exec(host) ?? [];
  return service !== undefined && of !== undefined ? { namespace: of, service } : { namespace, service: host };
}

/** Every host name that clients in the cluster may use for a Service. The bare name works from the default namespace. */
export function hostsOfService(namespace: string, service: string): string[] {
  const full = `${service}.${namespace}`;
  return [full, `${full}.svc`, `${full}.svc.cluster.local`, ...(namespace === 'default' ? [service] : [])];
}
