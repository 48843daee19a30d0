import type { JsonObject } from '@sluice/plugin-sdk';
import { invalid, settingsOf } from '@sluice/routed-objects';
import type { Settings } from '@sluice/routed-objects';

/** The user's `trafficRouting.istio`. */
export interface IstioSettings {
  readonly virtualServices: readonly VirtualServiceSettings[];
  readonly destinationRule: DestinationRuleSettings | undefined;
}

export interface VirtualServiceSettings {
  /** Where it stands in the manifest: `virtualService` or `virtualServices[1]`. */
  readonly path: string;
  readonly name: string;
  /** Undefined: the namespace of the Rollout. */
  readonly namespace: string | undefined;
  readonly routes: readonly string[];
  readonly tlsRoutes: readonly TlsRouteSettings[];
  readonly tcpRoutes: readonly { readonly port: number | undefined }[];
}

export interface TlsRouteSettings {
  readonly port: number | undefined;
  readonly sniHosts: readonly string[];
}

export interface DestinationRuleSettings {
  readonly name: string;
  readonly canarySubset: string;
  readonly stableSubset: string;
  /** Subsets whose share of the traffic is left as it is. */
  readonly additionalSubsets: readonly string[];
}

/** Throws PluginError `Invalid` with the path of what is wrong. */
export function readIstioSettings(raw: JsonObject): IstioSettings {
  const settings = settingsOf(raw);
  const one = settings.object('virtualService');
  const several = settings.objects('virtualServices');
  if ((one === undefined) === (several.length === 0))
    throw invalid('virtualService', 'exactly one of virtualService and virtualServices must be set');
  return {
    virtualServices: (one === undefined ? several : [one]).map(virtualServiceOf),
    destinationRule: destinationRuleOf(settings.object('destinationRule')),
  };
}

function virtualServiceOf(settings: Settings): VirtualServiceSettings {
  return {
    path: settings.path,
    ...virtualServiceName(settings.requiredText('name')),
    routes: settings.texts('routes'),
    tlsRoutes: settings
      .objects('tlsRoutes')
      .map((route) => ({ port: portOf(route), sniHosts: route.texts('sniHosts') })),
    tcpRoutes: settings.objects('tcpRoutes').map((route) => ({ port: portOf(route) })),
  };
}

function destinationRuleOf(settings: Settings | undefined): DestinationRuleSettings | undefined {
  if (settings === undefined) return undefined;
  return {
    name: settings.requiredText('name'),
    canarySubset: settings.requiredText('canarySubsetName'),
    stableSubset: settings.requiredText('stableSubsetName'),
    additionalSubsets: settings.texts('additionalSubsetNames'),
  };
}

/** 0 is how Go writes an absent port. */
function portOf(settings: Settings): number | undefined {
  const port = settings.whole('port');
  return port === 0 ? undefined : port;
}

/** `name`, `name.namespace`, or either followed by `.svc` and `.cluster.local`: the namespace is behind the last dot, names may contain dots. */
export function virtualServiceName(text: string): { readonly name: string; readonly namespace: string | undefined } {
  const bare = text.replace(/\.cluster\.local$/, '').replace(/\.svc$/, '');
  const dot = bare.lastIndexOf('.');
  return dot < 0 ? { name: bare, namespace: undefined } : { name: bare.slice(0, dot), namespace: bare.slice(dot + 1) };
}
