// Ingresses with the canary annotations of ingress-nginx, under whichever prefix they are written.
// https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { Ingress } from '../objects/shapes.ts';
import { byAge, hasPathPrefix, nameOf, wholeText } from './matching.ts';
import type { Backend, ClientRequest, FindRoute, Route } from './route.ts';

type Target = Omit<Backend, 'weight'>;
type IngressBackend = NonNullable<NonNullable<Ingress['spec']>['defaultBackend']>;

interface CanaryRules {
  readonly header: string | undefined;
  readonly headerValue: string | undefined;
  readonly headerPattern: string | undefined;
  readonly cookie: string | undefined;
  readonly weight: number;
  readonly total: number;
}

interface Location {
  readonly path: string;
  readonly exact: boolean;
  readonly ingress: Ingress;
  readonly target: Target | undefined;
  /** At most one, as in ingress-nginx. */
  canary?: { readonly target: Target; readonly rules: CanaryRules };
}

/** The canary rules of an Ingress; undefined if it is none. A canary without a rule gets no request. */
export function canaryRules(ingress: Ingress): CanaryRules | undefined {
  const annotations = ingress.metadata.annotations ?? {};
  const marker = Object.keys(annotations).find((key) => key.endsWith('/canary') && annotations[key] === 'true');
  if (marker === undefined) return undefined;
  const read = (name: string): string | undefined => annotations[`${marker}-${name}`];
  return {
    header: read('by-header')?.toLowerCase(),
    headerValue: read('by-header-value'),
    headerPattern: read('by-header-pattern'),
    cookie: read('by-cookie'),
    weight: whole(read('weight'), 0),
    total: whole(read('weight-total'), 100),
  };
}

const whole = (text: string | undefined, absent: number): number =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : absent;

function targetOf(ingress: Ingress, backend: IngressBackend | undefined): Target | undefined {
  if (!backend?.service) return undefined;
  const { name, port } = backend.service;
  const named = port?.number ?? port?.name;
  return {
    namespace: ingress.metadata.namespace ?? '',
    service: name,
    ...(named === undefined ? {} : { port: named }),
  };
}

function* locationsOf(ingress: Ingress): Iterable<[host: string, location: Location]> {
  const { rules = [], defaultBackend } = ingress.spec ?? {};
  const fallback = targetOf(ingress, defaultBackend);
  for (const { host = '', http } of rules) {
    for (const { path = '/', pathType, backend } of http?.paths ?? [])
      yield [host, { path, exact: pathType === 'Exact', ingress, target: targetOf(ingress, backend) }];
    // The default backend gets what no path of the host takes.
    if (fallback) yield [host, { path: '', exact: false, ingress, target: fallback }];
  }
  if (rules.length === 0 && fallback) yield ['', { path: '', exact: false, ingress, target: fallback }];
}

interface Parsed {
  readonly canary: CanaryRules | undefined;
  readonly locations: readonly [host: string, location: Location][];
}

// An object never changes; one that was compiled before is not read again because another one has changed.
const known = new WeakMap<Ingress, Parsed>();

function parsed(ingress: Ingress): Parsed {
  let found = known.get(ingress);
  if (!found) known.set(ingress, (found = { canary: canaryRules(ingress), locations: [...locationsOf(ingress)] }));
  return found;
}

/** Compiles the Ingresses of one namespace, or of all. */
export function ingressRoutes(objects: ClusterObjects, namespace?: string): FindRoute {
  const hosts = new Map<string, Location[]>();
  const sorted = objects.list('ingresses', namespace).toSorted(byAge).map(parsed);
  const same = (a: Location) => (b: Location) => a.path === b.path && a.exact === b.exact;
  for (const { canary, locations: own } of sorted) {
    if (canary) continue;
    for (const [host, location] of own) {
      const locations = hosts.get(host) ?? [];
      hosts.set(host, locations);
      if (!locations.some(same(location))) locations.push({ ...location });
    }
  }
  for (const { canary: rules, locations } of sorted) {
    if (!rules) continue;
    for (const [host, location] of locations) {
      const main = hosts.get(host)?.find(same(location));
      if (main && !main.canary && location.target) main.canary = { target: location.target, rules };
    }
  }
  for (const locations of hosts.values())
    locations.sort((a, b) => b.path.length - a.path.length || Number(b.exact) - Number(a.exact));

  return (request) => {
    const { host, path } = request;
    // The most specific host alone answers: what it does not know, a less specific one is not asked.
    const found = [host, `*${host.slice(host.indexOf('.'))}`, ''].find((pattern) => hosts.has(pattern));
    if (found === undefined) return undefined;
    const locations = hosts.get(found) ?? [];
    const fits = (l: Location): boolean => (l.exact ? l.path === path : hasPathPrefix(path, l.path));
    const location = locations.find((l) => l.exact && fits(l)) ?? locations.find(fits);
    return location ? routeTo(location, found, request) : 'unmatched';
  };
}

function routeTo({ path, ingress, target, canary }: Location, host: string, request: ClientRequest): Route {
  const { weight, total } = canary ? canaryShare(canary.rules, request) : { weight: 0, total: 1 };
  return {
    via: 'ingress',
    object: `Ingress ${nameOf(ingress)}`,
    rule: `${host || '*'}${path || ' (default backend)'}`,
    backends: [
      ...(target ? [{ ...target, weight: total - weight }] : []),
      ...(canary ? [{ ...canary.target, weight }] : []),
    ],
    mirrors: [],
  };
}

const toCanary = { weight: 1, total: 1 };
const toMain = { weight: 0, total: 1 };

/** Header before cookie before weight; a header or cookie that says neither yes nor no is passed over. */
function canaryShare(rules: CanaryRules, { headers }: ClientRequest): { weight: number; total: number } {
  const sent = rules.header === undefined ? undefined : headers[rules.header];
  if (sent !== undefined) {
    if (rules.headerValue !== undefined) {
      if (sent === rules.headerValue) return toCanary;
    } else if (rules.headerPattern !== undefined) {
      if (matchesPart(rules.headerPattern, sent)) return toCanary;
    } else if (sent === 'always') return toCanary;
    else if (sent === 'never') return toMain;
  }
  const cookie = rules.cookie === undefined ? undefined : cookieOf(headers['cookie'], rules.cookie);
  if (cookie === 'always') return toCanary;
  if (cookie === 'never') return toMain;
  return { weight: Math.min(rules.weight, rules.total), total: rules.total };
}

// Unlike the other APIs, a pattern here is looked for anywhere in the value.
const matchesPart = (pattern: string, text: string): boolean =>
  wholeText(`[^]*(?:${pattern})[^]*`)?.test(text) ?? false;

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const mark = part.indexOf('=');
    if (mark > 0 && part.slice(0, mark).trim() === name) return part.slice(mark + 1).trim();
  }
  return undefined;
}
