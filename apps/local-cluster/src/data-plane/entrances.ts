// How clients reach a Rollout's pods: one example request for each route that leads there.
import type { ClusterObjects } from './objects/cluster-objects.ts';
import type { GatewayNamedMatch, IstioMatch, IstioText, Rollout } from './objects/shapes.ts';
import { isServiceOf, servicesNamedBy } from './pods/identity.ts';
import { entranceHeaders } from './proxy/client-request.ts';
import { canaryRules } from './routing/ingress.ts';
import type { ClientRequest, Route, Via } from './routing/route.ts';
import type { RouteTable } from './routing/table.ts';

/** A request that arrives at one of the Rollout's versions. */
export interface Entrance {
  readonly via: Via;
  /** `Ingress default/shop`, and the rule within. */
  readonly route: string;
  readonly method: string;
  readonly path: string;
  /** Host and whatever else the route asks for. */
  readonly headers: Readonly<Record<string, string>>;
}

type Example = Pick<Entrance, 'via' | 'method' | 'path' | 'headers'>;

/**
 * Routes first. Services of its own are only named when no route leads to it: then clients come through the one that selects all
 * its versions, or else through its active or stable one. Rules that ask for what cannot be guessed (regular expressions) are left out.
 */
export function entrancesOf(
  objects: ClusterObjects,
  table: Pick<RouteTable, 'find'>,
  { namespace = '', name }: { readonly namespace?: string; readonly name: string },
): Entrance[] {
  const rollout = objects.get('rollouts', namespace, name);
  if (!rollout) return [];
  const leadsThere = (route: Route): boolean => route.backends.some((b) => isServiceOf(objects, b, rollout));
  const found = new Map<string, Entrance>();
  const examples = [
    ...ingressExamples(objects, namespace),
    ...virtualServiceExamples(objects, namespace),
    ...httpRouteExamples(objects, namespace),
  ];
  const add = (example: Example): void => {
    const route = table.find(requestOf(example, namespace));
    if (!route || route.fixed || !leadsThere(route)) return;
    const id = `${route.object} ${route.rule}`;
    const headers = { ...example.headers, [entranceHeaders.via]: example.via, [entranceHeaders.namespace]: namespace };
    if (!found.has(id)) found.set(id, { ...example, route: id, headers });
  };
  examples.forEach(add);
  if (found.size === 0) for (const service of clientServices(objects, rollout)) add(serviceExample(namespace, service));
  return [...found.values()];
}

function requestOf({ via, method, path, headers }: Example, namespace: string): ClientRequest {
  const [bare = '', query = ''] = path.split('?');
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const host = lower['host'] ?? '';
  return { via, namespace, method, host, port: 80, path: bare, query: new URLSearchParams(query), headers: lower };
}

/** A host that the pattern matches. */
const exampleHost = (pattern: string | undefined): string => {
  if (!pattern || pattern === '*') return 'data-plane.example';
  return pattern.startsWith('*.') ? `any${pattern.slice(1)}` : pattern;
};

function ingressExamples(objects: ClusterObjects, namespace: string): Example[] {
  return objects
    .list('ingresses', namespace)
    .filter((ingress) => !canaryRules(ingress))
    .flatMap(({ spec }) =>
      (spec?.rules ?? []).flatMap(({ host, http }) =>
        (http?.paths ?? []).map(({ path = '/' }) => get('ingress', exampleHost(host), path)),
      ),
    );
}

const get = (via: Via, host: string, path: string): Example => ({ via, method: 'GET', path, headers: { host } });

function virtualServiceExamples(objects: ClusterObjects, namespace: string): Example[] {
  return objects.list('virtualservices', namespace).flatMap(({ spec }) =>
    (spec?.hosts ?? []).flatMap((pattern) => {
      const short = !pattern.includes('.') && pattern !== '*';
      const host = short ? `${pattern}.${namespace}` : exampleHost(pattern);
      return (spec?.http ?? []).flatMap((route) =>
        (route.match?.length ? route.match : [{}]).flatMap((match) => istioExample(match, host)),
      );
    }),
  );
}

const sampleText = (text: IstioText | undefined, absent: string): string | undefined =>
  !text ? absent : text.regex !== undefined ? undefined : (text.exact ?? text.prefix ?? absent);

function istioExample(match: IstioMatch, host: string): Example[] {
  const path = sampleText(match.uri, '/');
  const method = sampleText(match.method, 'GET');
  const headers = Object.entries(match.headers ?? {}).map(([name, text]) => [name, sampleText(text, 'any')] as const);
  const query = Object.entries(match.queryParams ?? {}).map(([name, text]) => [name, sampleText(text, '')] as const);
  if (path === undefined || method === undefined) return [];
  return assembled('virtual-service', host, { path, method, headers, query });
}

function httpRouteExamples(objects: ClusterObjects, namespace: string): Example[] {
  return objects.list('httproutes', namespace).flatMap(({ spec }) => {
    const hosts = spec?.hostnames?.length ? spec.hostnames : [parentService(spec?.parentRefs, namespace)];
    return hosts.flatMap((pattern) =>
      (spec?.rules ?? []).flatMap((rule) =>
        (rule.matches?.length ? rule.matches : [{}]).flatMap(({ path, method = 'GET', headers, queryParams }) =>
          path?.type === 'RegularExpression'
            ? []
            : assembled('http-route', exampleHost(pattern), {
                path: path?.value ?? '/',
                method,
                headers: namedSamples(headers),
                query: namedSamples(queryParams),
              }),
        ),
      ),
    );
  });
}

function parentService(
  parents: readonly { readonly kind?: string; readonly name: string; readonly namespace?: string }[] | undefined,
  namespace: string,
): string | undefined {
  const service = parents?.find(({ kind }) => kind === 'Service');
  return service && `${service.name}.${service.namespace ?? namespace}`;
}

const namedSamples = (matches: readonly GatewayNamedMatch[] = []) =>
  matches.map(({ name, type, value }) => [name, type === 'RegularExpression' ? undefined : value] as const);

type Samples = readonly (readonly [name: string, value: string | undefined])[];

const allKnown = (samples: Samples): samples is readonly (readonly [string, string])[] =>
  samples.every(([, value]) => value !== undefined);

function assembled(
  via: Via,
  host: string,
  what: { readonly path: string; readonly method: string; readonly headers: Samples; readonly query: Samples },
): Example[] {
  if (!allKnown(what.headers) || !allKnown(what.query)) return [];
  const query = new URLSearchParams(Object.fromEntries(what.query)).toString();
  const headers = { host, ...Object.fromEntries(what.headers) };
  return [{ via, method: what.method, path: query ? `${what.path}?${query}` : what.path, headers }];
}

function clientServices(objects: ClusterObjects, rollout: Rollout): string[] {
  const { namespace = '' } = rollout.metadata;
  const named = new Set(servicesNamedBy(rollout));
  const selecting = objects
    .list('services', namespace)
    .filter(({ metadata }) => !named.has(metadata.name))
    .filter(({ metadata }) => isServiceOf(objects, { namespace, service: metadata.name }, rollout))
    .map(({ metadata }) => metadata.name);
  if (selecting.length > 0) return selecting;
  const { canary, blueGreen } = rollout.spec?.strategy ?? {};
  const service = blueGreen?.activeService ?? canary?.stableService ?? canary?.pingPong?.pingService;
  return service === undefined ? [] : [service];
}

const serviceExample = (namespace: string, service: string): Example =>
  get('service', `${service}.${namespace}.svc.cluster.local`, '/');
