import type { TrafficIntent } from '@sluice/engine';
import { TrafficIntent as IntentMessage, Verification } from '@sluice/contracts';
import type {
  HeaderRoute,
  MirrorRoute,
  StringMatch as StringMatchMessage,
  TrafficObservation,
} from '@sluice/contracts';
import type { Rollout, SetHeaderRoute, SetMirrorRoute, StringMatch } from '@sluice/model';

/** The part of the manifest that is this router's own: `trafficRouting.<name>` or `trafficRouting.plugins["<name>"]`. */
export function configOf(rollout: Rollout, router: string): unknown {
  const routing = (rollout.spec.strategy?.canary?.trafficRouting ?? {}) as Readonly<Record<string, unknown>>;
  if (router !== 'plugins' && Object.hasOwn(routing, router)) return routing[router];
  const plugins = (routing['plugins'] ?? {}) as Readonly<Record<string, unknown>>;
  return Object.hasOwn(plugins, router) ? plugins[router] : undefined;
}

export const rolloutRef = ({ metadata }: Rollout) => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  uid: metadata.uid ?? '',
});

/** The engine's declaration, as it travels to a plugin. */
export function intentMessage(rollout: Rollout, router: string, intent: TrafficIntent): IntentMessage {
  return IntentMessage.fromPartial({
    rollout: rolloutRef(rollout),
    configJson: JSON.stringify(configOf(rollout, router) ?? {}),
    stable: { service: intent.stable.service, podTemplateHash: intent.stable.hash },
    canary: { service: intent.canary.service, podTemplateHash: intent.canary.hash },
    weight: intent.weight,
    maxWeight: intent.maxWeight,
    extraDestinations: intent.extraDestinations.map(({ service, hash, weight }) => ({
      service,
      podTemplateHash: hash,
      weight,
    })),
    headerRoutes: intent.headerRoutes.map(headerRoute),
    mirrorRoutes: intent.mirrorRoutes.map(mirrorRoute),
    managedRoutes: [...intent.managedRoutes],
  });
}

/** The Services of the two sides, as the spec names them. */
function servicesOf({ spec, status }: Rollout): { readonly stable: string; readonly canary: string } {
  const { canary } = spec.strategy ?? {};
  if (!canary?.pingPong) return { stable: canary?.stableService ?? '', canary: canary?.canaryService ?? '' };
  const { pingService = '', pongService = '' } = canary.pingPong;
  const isPing = status?.canary?.stablePingPong === 'ping';
  return { stable: isPing ? pingService : pongService, canary: isPing ? pongService : pingService };
}

/** What a router is to look at, before anything is routed. */
export function checkMessage(rollout: Rollout, router: string) {
  const { stable, canary } = servicesOf(rollout);
  return {
    rollout: rolloutRef(rollout),
    configJson: JSON.stringify(configOf(rollout, router) ?? {}),
    stable: { service: stable, podTemplateHash: '' },
    canary: { service: canary, podTemplateHash: '' },
  };
}

/**
 * What a router is to give back. Services that the status does not name are those of the spec; the configuration is empty where the spec does not name the router
 * any more, and nobody knows what it was.
 */
export function releaseMessage(rollout: Rollout, router: string) {
  const weights = rollout.status?.canary?.weights;
  const services = servicesOf(rollout);
  const side = (part: 'stable' | 'canary') => ({
    service: weights?.[part].serviceName ?? services[part],
    podTemplateHash: weights?.[part].podTemplateHash ?? '',
  });
  const config = configOf(rollout, router);
  return {
    rollout: rolloutRef(rollout),
    configJson: config === undefined ? '' : JSON.stringify(config),
    stable: side('stable'),
    canary: side('canary'),
    managedRoutes: managedRoutesOf(rollout),
  };
}

/** Also those that only steps name: where the list has gone, they are what is left to know them by. */
function managedRoutesOf({ spec }: Rollout): string[] {
  const { trafficRouting, steps } = spec.strategy?.canary ?? {};
  const made = (steps ?? []).flatMap(({ setHeaderRoute, setMirrorRoute }) => [
    setHeaderRoute?.name,
    setMirrorRoute?.name,
  ]);
  const listed = (trafficRouting?.managedRoutes ?? []).map((route) => route.name);
  return [...new Set([...listed, ...made.filter((name) => name !== undefined)])];
}

function stringMatch(match: StringMatch | null | undefined): StringMatchMessage | undefined {
  if (!match) return undefined;
  if (match.exact !== undefined) return { match: { $case: 'exact', value: match.exact } };
  if (match.prefix !== undefined) return { match: { $case: 'prefix', value: match.prefix } };
  return match.regex === undefined ? undefined : { match: { $case: 'regex', value: match.regex } };
}

const headerRoute = (route: SetHeaderRoute): HeaderRoute => ({
  name: route.name,
  match: (route.match ?? []).map(({ headerName, headerValue }) => ({
    headerName,
    headerValue: stringMatch(headerValue),
  })),
});

function mirrorRoute(route: SetMirrorRoute): MirrorRoute {
  const match = (route.match ?? []).map(({ method, path, headers }) => ({
    method: stringMatch(method),
    path: stringMatch(path),
    headers: Object.fromEntries(
      Object.entries(headers ?? {}).flatMap(([name, value]) => {
        const wanted = stringMatch(value);
        return wanted ? [[name, wanted] as const] : [];
      }),
    ),
  }));
  return { name: route.name, match, percentage: route.percentage ?? 100 };
}

export const verificationOf = ({ verification }: TrafficObservation): 'verified' | 'pending' | 'unsupported' =>
  verification === Verification.VERIFIED
    ? 'verified'
    : verification === Verification.PENDING
      ? 'pending'
      : 'unsupported';
