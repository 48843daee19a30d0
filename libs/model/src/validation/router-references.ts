import type { KubeObject } from '../api/core.ts';
import type { Rollout } from '../api/rollout.ts';
import type { TrafficRouting } from '../api/traffic-routing.ts';
import { firstError, invalid } from './field-error.ts';
import type { FieldError } from './field-error.ts';
import type { ReferenceLookups } from './references.ts';

// What a Rollout says about the objects of routers, in the order in which the reference looks for them.

const base = 'spec.strategy.canary.trafficRouting';

interface Named {
  readonly path: string;
  readonly name: string;
}

/** One name or a list of names, as routers accept them; exactly one of the two fields may be used. */
interface OneOrSeveral {
  readonly router: 'nginx' | 'alb' | 'istio';
  readonly one: string;
  readonly several: string;
  readonly name: string | undefined;
  readonly names: readonly string[];
}

const pathsOf = ({ router, one, several, name, names }: OneOrSeveral, member = ''): readonly Named[] =>
  name
    ? [{ path: `${base}.${router}.${one}${member}`, name }]
    : names.map((each, index) => ({ path: `${base}.${router}.${several}[${index}]${member}`, name: each }));

const exactlyOneError = (field: OneOrSeveral): FieldError | undefined => {
  const count = Number(Boolean(field.name)) + Number(field.names.length > 0);
  return count === 1
    ? undefined
    : invalid(
        `${base}.${field.router}.${field.one}`,
        field.name ?? '',
        `exactly one of ${field.one} / ${field.several} must be set`,
      );
};

const nginxField = (routing: TrafficRouting): OneOrSeveral | undefined =>
  routing.nginx && {
    router: 'nginx',
    one: 'stableIngress',
    several: 'stableIngresses',
    name: routing.nginx.stableIngress,
    names: routing.nginx.stableIngresses ?? [],
  };

const albField = (routing: TrafficRouting): OneOrSeveral | undefined =>
  routing.alb && {
    router: 'alb',
    one: 'ingress',
    several: 'ingresses',
    name: routing.alb.ingress,
    names: routing.alb.ingresses ?? [],
  };

const istioField = (routing: TrafficRouting): OneOrSeveral | undefined =>
  routing.istio && {
    router: 'istio',
    one: 'virtualService',
    several: 'virtualServices',
    name: routing.istio.virtualService?.name,
    names: (routing.istio.virtualServices ?? []).map(({ name }) => name),
  };

/** Ingresses that are looked at: those of ALB if it is used, else those of nginx. */
const ingressesOf = (routing: TrafficRouting): readonly Named[] => {
  const field = albField(routing) ?? nginxField(routing);
  return field ? pathsOf(field) : [];
};

const missingError = (
  named: readonly Named[],
  lookup: ((name: string) => KubeObject | undefined) | undefined,
  resource: string,
): FieldError | undefined => {
  const missing = lookup && named.find(({ name }) => lookup(name) === undefined);
  return missing && invalid(missing.path, missing.name, `${resource} "${missing.name}" not found`);
};

export const routerReferencesError = (rollout: Rollout, lookups: ReferenceLookups): FieldError | undefined => {
  const routing = rollout.spec.strategy?.canary?.trafficRouting;
  if (!routing) return undefined;
  const [nginx, alb, istio] = [nginxField(routing), albField(routing), istioField(routing)];
  return firstError(
    () => nginx && exactlyOneError(nginx),
    () => alb && exactlyOneError(alb),
    () => missingError(ingressesOf(routing), lookups.ingress, 'ingress.networking.k8s.io'),
    () => istio && exactlyOneError(istio),
    () =>
      missingError(istio ? pathsOf(istio, '.name') : [], lookups.virtualService, 'virtualservices.networking.istio.io'),
    () =>
      routing.ambassador && (routing.ambassador.mappings ?? []).length === 0
        ? invalid(`${base}.ambassador.mappings`, routing.ambassador.mappings, 'must provide at least one mapping')
        : undefined,
  );
};

interface IngressSpec {
  readonly rules?: readonly {
    readonly http?: {
      readonly paths?: readonly { readonly backend?: { readonly service?: { readonly name?: string } } }[];
    };
  }[];
}

/** The default backend of an Ingress does not count: a router has no path there to split. */
const routesTo = (ingress: KubeObject, service: string): boolean => {
  const { spec } = ingress as KubeObject & { spec?: IngressSpec };
  return (spec?.rules ?? []).some((rule) =>
    (rule.http?.paths ?? []).some((path) => path.backend?.service?.name === service),
  );
};

/** Whether each Ingress has a path to the Service that its router splits. */
export const ingressError = (rollout: Rollout, lookups: ReferenceLookups): FieldError | undefined => {
  const canary = rollout.spec.strategy?.canary;
  const routing = canary?.trafficRouting;
  if (!routing) return undefined;
  const service = (routing.alb?.rootService || canary.stableService) ?? '';
  for (const { path, name } of ingressesOf(routing)) {
    const ingress = lookups.ingress?.(name);
    if (ingress !== undefined && service !== '' && !routesTo(ingress, service))
      return invalid(path, name, `ingress "${name}" has no rules using service ${service} backend`);
  }
  return undefined;
};
