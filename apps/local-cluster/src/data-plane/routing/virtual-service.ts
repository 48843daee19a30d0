// Istio's VirtualServices: http routes, in their order. https://istio.io/latest/docs/reference/config/networking/virtual-service/
// Left out: tls and tcp routes, delegates, faults, rewrites, header operations, and which gateways an object is bound to.
import type { ClusterObjects } from '../objects/cluster-objects.ts';
import type { IstioDestination, IstioHttpRoute, IstioMatch, IstioText, VirtualService } from '../objects/shapes.ts';
import { byAge, bySpecificity, hostFits, hostsOfService, nameOf, serviceOfHost, wholeText } from './matching.ts';
import type { Backend, ClientRequest, FindRoute, Mirror, Route } from './route.ts';

interface Rule {
  readonly fits: (request: ClientRequest) => boolean;
  readonly route: Route;
}

/** Compiles the VirtualServices of one namespace, or of all. Where several have the same host their routes are joined, oldest first. */
export function virtualServiceRoutes(objects: ClusterObjects, namespace?: string): FindRoute {
  const rules = new Map<string, Rule[]>();
  for (const service of objects.list('virtualservices', namespace).toSorted(byAge)) {
    const own = (service.spec?.http ?? []).map((route, index) => ruleOf(service, route, index));
    for (const host of hostsOf(service)) rules.set(host, [...(rules.get(host) ?? []), ...own]);
  }
  const wildcards = [...rules.keys()].filter((host) => host.startsWith('*')).sort(bySpecificity);
  return (request) => {
    const { host } = request;
    const of = rules.get(host) ?? rules.get(wildcards.find((pattern) => hostFits(pattern, host)) ?? '');
    return of && (of.find(({ fits }) => fits(request))?.route ?? 'unmatched');
  };
}

function hostsOf({ spec, metadata: { namespace = '' } }: VirtualService): Set<string> {
  return new Set(
    (spec?.hosts ?? []).flatMap((host) => {
      const inCluster = !host.includes('*') && (!host.includes('.') || host.endsWith('.svc.cluster.local'));
      if (!inCluster) return [host];
      const { namespace: of, service } = serviceOfHost(host, namespace);
      return hostsOfService(of, service);
    }),
  );
}

function ruleOf(service: VirtualService, http: IstioHttpRoute, index: number): Rule {
  const { namespace = '' } = service.metadata;
  const matches = (http.match ?? []).map(compileMatch);
  return {
    fits: (request) => matches.length === 0 || matches.some((fits) => fits(request)),
    route: {
      via: 'virtual-service',
      object: `VirtualService ${nameOf(service)}`,
      rule: http.name ?? `http[${index}]`,
      backends: backendsOf(http, namespace),
      mirrors: mirrorsOf(http, namespace),
      ...fixedOf(http),
    },
  };
}

function backendsOf({ route = [] }: IstioHttpRoute, namespace: string): Backend[] {
  // The only destination gets everything, whatever its weight says.
  const weightOf = (weight = 0): number => (route.length === 1 ? 1 : weight);
  return route.map(({ destination, weight }) => ({ ...targetOf(destination, namespace), weight: weightOf(weight) }));
}

function targetOf({ host, subset, port }: IstioDestination, namespace: string): Omit<Backend, 'weight'> {
  return {
    ...serviceOfHost(host, namespace),
    ...(port?.number === undefined ? {} : { port: port.number }),
    ...(subset === undefined ? {} : { subset: { name: subset, from: namespace } }),
  };
}

function mirrorsOf({ mirror, mirrorPercentage, mirrors = [] }: IstioHttpRoute, namespace: string): Mirror[] {
  const all = mirror ? [{ destination: mirror, percentage: mirrorPercentage }, ...mirrors] : mirrors;
  return all.map(({ destination, percentage }) => ({
    ...targetOf(destination, namespace),
    weight: 0,
    percent: percentage?.value ?? 100,
  }));
}

function fixedOf({ redirect, directResponse }: IstioHttpRoute): Pick<Route, 'fixed'> {
  if (directResponse) return { fixed: { status: directResponse.status } };
  if (!redirect) return {};
  const { authority = '', uri = '/', redirectCode: status = 301 } = redirect;
  return { fixed: { status, location: authority ? `http://${authority}${uri}` : uri } };
}

type Fits = (request: ClientRequest) => boolean;

// The conditions of one match all have to hold.
function compileMatch(match: IstioMatch): Fits {
  const { uri, scheme, method, authority, headers = {}, withoutHeaders = {}, queryParams = {}, port } = match;
  const fold = match.ignoreUriCase ? (s: string) => s.toLowerCase() : (s: string) => s;
  const conditions: Fits[] = [];
  const text = (wanted: IstioText | undefined, read: (r: ClientRequest) => string | undefined): void => {
    if (!wanted) return;
    const fits = compileText(wanted);
    conditions.push((request) => fits(read(request)));
  };
  if (uri) {
    const { exact, prefix, regex } = uri;
    text(
      {
        ...(exact === undefined ? {} : { exact: fold(exact) }),
        ...(prefix === undefined ? {} : { prefix: fold(prefix) }),
        ...(regex === undefined ? {} : { regex: match.ignoreUriCase ? `(?i)${regex}` : regex }),
      },
      (r) => fold(r.path),
    );
  }
  text(scheme, () => 'http');
  text(method, (r) => r.method);
  text(authority, (r) => r.host);
  for (const [name, wanted] of Object.entries(headers)) text(wanted ?? {}, (r) => r.headers[name.toLowerCase()]);
  for (const [name, wanted] of Object.entries(queryParams)) text(wanted, (r) => r.query.get(name) ?? undefined);
  for (const [name, unwanted] of Object.entries(withoutHeaders)) {
    const fits = compileText(unwanted ?? {});
    conditions.push((r) => !fits(r.headers[name.toLowerCase()]));
  }
  if (port !== undefined) conditions.push((r) => r.port === port);
  // Nobody knows which pod a client of the data plane stands for.
  if (match.sourceLabels ?? match.sourceNamespace) conditions.push(() => false);
  return (request) => conditions.every((holds) => holds(request));
}

function compileText({ exact, prefix, regex }: IstioText): (text: string | undefined) => boolean {
  if (exact !== undefined) return (text) => text === exact;
  if (prefix !== undefined) return (text) => text?.startsWith(prefix) ?? false;
  if (regex === undefined) return (text) => text !== undefined;
  const expression = wholeText(regex);
  return (text) => text !== undefined && (expression?.test(text) ?? false);
}
