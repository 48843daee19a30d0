import { formatSelector } from '@sluice/model';
import type { LabelSelector } from '@sluice/model';
import type { JsonObject } from '@sluice/plugin-sdk';
import { invalid, settingsOf } from '@sluice/routed-objects';
import type { Settings } from '@sluice/routed-objects';
import { routeKindNames } from './kinds.ts';
import type { RouteKind } from './kinds.ts';

/** The user's `trafficRouting.plugins["argoproj-labs/gatewayAPI"]`. A key `configMap`, of versions before 0.13, is left unread. */
export interface GatewaySettings {
  /** Of the routes; undefined: that of the Rollout. */
  readonly namespace: string | undefined;
  readonly routes: readonly NamedRoute[];
  readonly selectors: readonly RouteSelector[];
  /** Put on routes while the canary gets traffic; undefined where the user does not want it. */
  readonly inProgressLabel: { readonly key: string; readonly value: string } | undefined;
}

export interface NamedRoute {
  readonly kind: RouteKind;
  readonly name: string;
  /** Whether steps may put header routes here. */
  readonly useHeaderRoutes: boolean;
  /** Where it stands in the manifest: `httpRoute` or `grpcRoutes[1].name`. */
  readonly path: string;
}

export interface RouteSelector {
  readonly kind: RouteKind;
  /** As queries take it: `app=shop,tier in (a,b)`. */
  readonly text: string;
  readonly path: string;
}

export const defaultLabel = { key: 'rollouts.argoproj.io/gatewayapi-canary', value: 'in-progress' };

/** Throws PluginError `Invalid` with the path of what is wrong. */
export function readGatewaySettings(raw: JsonObject): GatewaySettings {
  const settings = settingsOf(raw);
  const routes = unique(routeKindNames.flatMap((kind) => namedRoutes(settings, kind)));
  const selectors = routeKindNames.flatMap((kind) => selectorOf(settings, kind));
  if (routes.length + selectors.length === 0)
    throw invalid(
      'httpRoute',
      'no route is named: set httpRoute, httpRoutes or httpRouteSelector, or those of grpc, tcp or tls',
    );
  const { key, value } = defaultLabel;
  return {
    namespace: settings.text('namespace') || undefined,
    routes,
    selectors,
    inProgressLabel:
      settings.flag('disableInProgressLabel') === true
        ? undefined
        : { key: settings.text('inProgressLabelKey') || key, value: settings.text('inProgressLabelValue') || value },
  };
}

function namedRoutes(settings: Settings, kind: RouteKind): readonly NamedRoute[] {
  const listed = settings.objects(`${kind}Routes`).map((route) => ({
    kind,
    name: route.requiredText('name'),
    useHeaderRoutes: route.flag('useHeaderRoutes') ?? false,
    path: `${route.path}.name`,
  }));
  const one = settings.text(`${kind}Route`) ?? '';
  return one === '' ? listed : [...listed, { kind, name: one, useHeaderRoutes: true, path: `${kind}Route` }];
}

/** A route that is named twice takes header routes when either says so. */
function unique(routes: readonly NamedRoute[]): readonly NamedRoute[] {
  const seen = new Map<string, NamedRoute>();
  for (const route of routes) {
    const key = `${route.kind}/${route.name}`;
    const before = seen.get(key);
    seen.set(
      key,
      before === undefined ? route : { ...before, useHeaderRoutes: before.useHeaderRoutes || route.useHeaderRoutes },
    );
  }
  return [...seen.values()];
}

function selectorOf(settings: Settings, kind: RouteKind): readonly RouteSelector[] {
  const path = `${kind}RouteSelector`;
  const selector = settings.object(path);
  if (selector === undefined) return [];
  const matchExpressions = selector.objects('matchExpressions').map((expression) => ({
    key: expression.requiredText('key'),
    operator: expression.requiredText('operator'),
    values: [...expression.texts('values')],
  }));
  const text = formatSelector({
    matchLabels: { ...selector.textMap('matchLabels') },
    matchExpressions,
  } as LabelSelector);
  // Every route of the namespace is certainly not what was meant.
  if (text === '') throw invalid(path, `${path} is empty: it would select every route of the namespace`);
  return [{ kind, text, path }];
}
