// Gateway API's HTTPRoutes, by the precedence of the specification: https://gateway-api.sigs.k8s.io/reference/spec/ (HTTPRouteRule)
// Left out: listeners and their host names, ReferenceGrants, filters that change a request or response, session persistence.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type {
  GatewayBackendRef,
  GatewayFilter,
  GatewayMatch,
  GatewayNamedMatch,
  GatewayRule,
  HttpRoute,
} from '../objects/shapes.ts';
import { byAge, bySpecificity, hasPathPrefix, hostFits, hostsOfService, nameOf, wholeText } from './matching.ts';
import type { Backend, ClientRequest, FindRoute, Mirror, Route } from './route.ts';

interface Entry {
  readonly host: string;
  readonly object: HttpRoute;
  readonly match: GatewayMatch;
  readonly fits: (request: ClientRequest) => boolean;
  readonly route: Route;
}

const anyHost = '*';

/** Compiles the HTTPRoutes of one namespace, or of all. */
export function httpRoutes(objects: ClusterObjects, namespace?: string): FindRoute {
  // Array.sort is stable: within one object the rules keep their order, which is what decides last.
  const entries = objects.list('httproutes', namespace).toSorted(byAge).flatMap(entriesOf).sort(byPrecedence);
  return (request) => {
    const known = entries.filter(({ host }) => hostFits(host, request.host));
    return known.length === 0 ? undefined : (known.find(({ fits }) => fits(request))?.route ?? 'unmatched');
  };
}

function entriesOf(object: HttpRoute): Entry[] {
  return (object.spec?.rules ?? []).flatMap((rule, index) => {
    const route = routeOf(object, rule, index);
    const matches = rule.matches?.length ? rule.matches : [{}];
    return hostsOf(object).flatMap((host) =>
      matches.map((match) => ({ host, object, match, fits: compileMatch(match), route })),
    );
  });
}

/** A route whose parents are Services (a mesh) has their names as hosts. */
function hostsOf({ spec, metadata: { namespace = '' } }: HttpRoute): readonly string[] {
  const parents = spec?.parentRefs ?? [];
  if (parents.length > 0 && parents.every(({ kind }) => kind === 'Service'))
    return parents.flatMap((parent) => hostsOfService(parent.namespace ?? namespace, parent.name));
  return spec?.hostnames?.length ? spec.hostnames : [anyHost];
}

const pathRank: Readonly<Record<string, number>> = { Exact: 0, RegularExpression: 1, PathPrefix: 2 };

function byPrecedence(a: Entry, b: Entry): number {
  const rank = ({ match: { path } }: Entry): number => pathRank[path?.type ?? 'PathPrefix'] ?? 2;
  const length = ({ match: { path } }: Entry): number => (path?.value ?? '/').length;
  return (
    bySpecificity(a.host, b.host) ||
    rank(a) - rank(b) ||
    length(b) - length(a) ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    (b.match.headers?.length ?? 0) - (a.match.headers?.length ?? 0) ||
    (b.match.queryParams?.length ?? 0) - (a.match.queryParams?.length ?? 0) ||
    byAge(a.object, b.object)
  );
}

function compileMatch({ path, method, headers = [], queryParams = [] }: GatewayMatch): Entry['fits'] {
  const fitsPath = compilePath(path?.type ?? 'PathPrefix', path?.value ?? '/');
  const named = [
    ...first(headers, (name) => name.toLowerCase()).map(compileNamed((r, name) => r.headers[name.toLowerCase()])),
    ...first(queryParams, (name) => name).map(compileNamed((r, name) => r.query.get(name) ?? undefined)),
  ];
  return (request) =>
    (method === undefined || request.method === method) &&
    fitsPath(request.path) &&
    named.every((holds) => holds(request));
}

// Of several conditions on one name only the first counts.
function first(conditions: readonly GatewayNamedMatch[], key: (name: string) => string): GatewayNamedMatch[] {
  return conditions.filter((c, i) => conditions.findIndex((other) => key(other.name) === key(c.name)) === i);
}

function compilePath(type: string, value: string): (path: string) => boolean {
  if (type === 'Exact') return (path) => path === value;
  if (type !== 'RegularExpression') return (path) => hasPathPrefix(path, value);
  const expression = wholeText(value);
  return (path) => expression?.test(path) ?? false;
}

const compileNamed =
  (read: (request: ClientRequest, name: string) => string | undefined) =>
  ({ type, name, value }: GatewayNamedMatch): Entry['fits'] => {
    const expression = type === 'RegularExpression' ? wholeText(value) : undefined;
    return (request) => {
      const sent = read(request, name);
      if (sent === undefined) return false;
      return type === 'RegularExpression' ? (expression?.test(sent) ?? false) : sent === value;
    };
  };

function routeOf(object: HttpRoute, rule: GatewayRule, index: number): Route {
  const { namespace = '' } = object.metadata;
  const filters = rule.filters ?? [];
  const redirect = filters.find(({ requestRedirect }) => requestRedirect)?.requestRedirect;
  return {
    via: 'http-route',
    object: `HTTPRoute ${nameOf(object)}`,
    rule: rule.name ?? `rules[${index}]`,
    backends: (rule.backendRefs ?? []).map((ref) => ({ ...targetOf(ref, namespace), weight: ref.weight ?? 1 })),
    mirrors: filters.flatMap((filter) => mirrorOf(filter, namespace)),
    ...(redirect
      ? { fixed: { status: redirect.statusCode ?? 302, location: `http://${redirect.hostname ?? 'redirected'}/` } }
      : {}),
  };
}

function targetOf({ name, namespace, port }: GatewayBackendRef, from: string): Omit<Backend, 'weight'> {
  return { namespace: namespace ?? from, service: name, ...(port === undefined ? {} : { port }) };
}

function mirrorOf({ requestMirror }: GatewayFilter, namespace: string): Mirror[] {
  if (!requestMirror) return [];
  const { backendRef, percent, fraction } = requestMirror;
  const share = fraction ? (100 * fraction.numerator) / (fraction.denominator ?? 100) : 100;
  return [{ ...targetOf(backendRef, namespace), weight: 0, percent: percent ?? share }];
}
