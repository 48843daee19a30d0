import { keyOf } from '@sluice/kube';
import type { KubeClient, RawObject } from '@sluice/kube';
import { PluginError, Verification } from '@sluice/plugin-sdk';
import type { Call, Observed, Router, RouterIntent, RouterRelease } from '@sluice/plugin-sdk';
import { changeObject, createRecall, createRewrites, heldDetail, writerSince } from '@sluice/routed-objects';
import type { ChangeOutcome, RewriteLimits, WriteContext } from '@sluice/routed-objects';
import { notAcknowledged } from './acknowledged.ts';
import { findPresentRoutes, findRoutes, findWrittenRoutes, portOf } from './found-routes.ts';
import type { FoundRoute } from './found-routes.ts';
import { routeKinds } from './kinds.ts';
import { findProblems } from './problems.ts';
import { canaryWeightOf, headerRuleNames, isSplit, requireBothSides, routedRoute } from './routed-route.ts';
import type { WantedRoute } from './routed-route.ts';
import { where } from './rules.ts';
import { defaultLabel, readGatewaySettings } from './settings.ts';
import type { GatewaySettings } from './settings.ts';

export const fieldManager = 'sluice-router-gateway-api';

export interface GatewayRouterOptions {
  readonly client: KubeClient;
  /** Whether a change counts only when the gateways have taken it in, as far as they tell: true. */
  readonly waitForGateways?: boolean;
  readonly rewrites?: RewriteLimits;
}

type GatewayIntent = RouterIntent<GatewaySettings>;
type GatewayRelease = RouterRelease<GatewaySettings>;

/** Splits traffic by the weights of backendRefs in routes of the Gateway API. */
export function createGatewayRouter({
  client,
  waitForGateways = true,
  rewrites: limits,
}: GatewayRouterOptions): Router<GatewaySettings> {
  const rewrites = createRewrites(limits);
  // As they were applied last: what the manifest names or selects no longer is given back. After a restart that is no longer known.
  const applied = createRecall<Applied>();
  const contextOf = (rolloutUid: string, signal: AbortSignal): WriteContext => ({
    client,
    own: fieldManager,
    rewrites,
    rolloutUid,
    signal,
  });

  async function read(intent: GatewayIntent, signal: AbortSignal): Promise<readonly Routed[]> {
    const { rollout, config } = intent;
    const [routes, ports] = await Promise.all([
      findRoutes({ client, rollout, config, signal }),
      portsOf(client, intent, signal),
    ]);
    const routed = routes.map((route) => ({ ...route, wanted: wantedRoute(intent, route, ports) }));
    for (const { live, wanted } of routed) requireBothSides(live, wanted);
    return routed;
  }

  const observe = async (intent: GatewayIntent, signal: AbortSignal): Promise<Observed> =>
    observationOf(contextOf(intent.rollout.uid, signal), intent, await read(intent, signal), waitForGateways);

  return {
    config: readGatewaySettings,
    async validate(check, { signal }) {
      requireServices(check);
      return findProblems(client, check, givenBack({ ...check, managedRoutes: [] }), signal);
    },

    async apply(intent, call) {
      requireServices(intent);
      const { uid } = intent.rollout;
      const context = contextOf(uid, call.signal);
      const routes = await read(intent, call.signal);
      const outcomes = await writeAll(context, routes, '', call);
      const left = await leftBehind(context, applied.get(uid), routes);
      outcomes.push(...(await writeAll(context, left, 'release', call)));
      applied.set(uid, { release: intent, routes: routes.map(({ kind, key }) => ({ kind, key })) });
      const held = heldDetail(outcomes);
      const foreignWriter = outcomes.map(({ undoneBy }) => undoneBy ?? '').find((name) => name !== '');
      return {
        ...(await observe(intent, call.signal)),
        ...(held === undefined ? {} : { inSync: false, detail: held }),
        ...(foreignWriter === undefined ? {} : { foreignWriter }),
      };
    },

    async observe(intent, call) {
      requireServices(intent);
      return observe(intent, call.signal);
    },

    async release(release, call) {
      const { rollout, config } = release;
      const search = { client, rollout, signal: call.signal };
      const wanted = givenBack(release);
      const routes =
        config === undefined
          ? (await findWrittenRoutes(search, fieldManager)).filter(({ live }) => isSplit(live, wanted))
          : await findPresentRoutes({ ...search, config });
      const outcomes = await writeAll(
        contextOf(rollout.uid, call.signal),
        routes.map((route) => ({ ...route, wanted })),
        'release',
        call,
      );
      const held = heldDetail(outcomes);
      if (held !== undefined) throw new PluginError('Conflict', held);
      applied.forget(rollout.uid);
    },
  };
}

interface Applied {
  readonly release: GatewayRelease;
  readonly routes: readonly Pick<FoundRoute, 'kind' | 'key'>[];
}

/** Routes that were this rollout's and are not any more, to be given back. */
async function leftBehind(
  { client, signal }: WriteContext,
  former: Applied | undefined,
  now: readonly FoundRoute[],
): Promise<readonly Routed[]> {
  if (former === undefined) return [];
  const isNow = ({ kind, key }: Applied['routes'][number]): boolean =>
    now.some((route) => route.kind === kind && keyOf(route.key) === keyOf(key));
  const wanted = givenBack(former.release);
  const left = await Promise.all(
    former.routes
      .filter((route) => !isNow(route))
      .map(async ({ kind, key }): Promise<Routed[]> => {
        const live = await client.find(routeKinds[kind], key, { signal });
        return live === undefined ? [] : [{ kind, key, live, wanted, takesHeaderRoutes: false }];
      }),
  );
  return left.flat();
}

interface Routed extends FoundRoute {
  readonly wanted: WantedRoute;
}

function requireServices({ canary, stable }: Pick<GatewayIntent, 'canary' | 'stable'>): void {
  for (const [title, { service }] of [
    ['stable', stable],
    ['canary', canary],
  ] as const)
    if (service === '')
      throw new PluginError(
        'Invalid',
        `routes of the Gateway API need a Service for the ${title} version: set ${title}Service`,
      );
  if (canary.service === stable.service)
    throw new PluginError('Invalid', `canaryService and stableService are both '${canary.service}'`);
}

function wantedRoute(
  intent: GatewayIntent,
  { takesHeaderRoutes }: FoundRoute,
  ports: WantedRoute['ports'],
): WantedRoute {
  const { rollout, canary, stable, weight, maxWeight, extraDestinations, headerRoutes, managedRoutes, config } = intent;
  return {
    rollout,
    canary,
    stable,
    canaryWeight: weight,
    maxWeight,
    extras: extraDestinations,
    ports,
    headerRoutes: takesHeaderRoutes ? headerRoutes : [],
    managedRoutes,
    inProgressLabel: config.inProgressLabel,
  };
}

function givenBack({ rollout, canary, stable, managedRoutes, config }: GatewayRelease): WantedRoute {
  const inProgressLabel = config === undefined ? defaultLabel : config.inProgressLabel;
  const nothing = { canaryWeight: 0, maxWeight: 100, extras: [], ports: {}, headerRoutes: [] };
  return { rollout, canary, stable, managedRoutes, inProgressLabel, ...nothing };
}

async function portsOf(
  client: KubeClient,
  { rollout, extraDestinations }: GatewayIntent,
  signal: AbortSignal,
): Promise<WantedRoute['ports']> {
  const ports = extraDestinations.map(
    async ({ service }) => [service, await portOf(client, rollout.namespace, service, signal)] as const,
  );
  return Object.fromEntries(await Promise.all(ports));
}

/** One after the other: when one write fails, the rest is not tried. */
async function writeAll(
  context: WriteContext,
  routes: readonly Routed[],
  purpose: string,
  call: Call,
): Promise<(ChangeOutcome & { readonly name: string })[]> {
  const outcomes: (ChangeOutcome & { readonly name: string })[] = [];
  for (const { kind, key, live, wanted } of routes) {
    const change = (object: RawObject): RawObject => routedRoute(object, wanted);
    const outcome = await changeObject(context, { ref: routeKinds[kind], key, live, change, purpose });
    if (outcome.wrote)
      call.logger.info(
        { route: `${routeKinds[kind].kind} ${keyOf(key)}`, weight: wanted.canaryWeight },
        'route written',
      );
    outcomes.push({ ...outcome, name: where(outcome.before) });
  }
  return outcomes;
}

function observationOf(
  context: WriteContext,
  intent: GatewayIntent,
  routes: readonly Routed[],
  waitForGateways: boolean,
): Observed {
  const differing = routes.filter(({ live, wanted }) => routedRoute(live, wanted) !== live);
  const canaryWeight = Math.max(0, ...routes.map(({ live, wanted }) => canaryWeightOf(live, wanted)));
  if (differing.length > 0) {
    const foreignWriter = differing
      .map(({ kind, key, live }) => writerSince(context, { ref: routeKinds[kind], key }, live))
      .find((name) => name !== undefined);
    const detail = `not as asked for: ${differing.map(({ live }) => where(live)).join(', ')}`;
    return {
      inSync: false,
      canaryWeight,
      verification: Verification.PENDING,
      detail,
      ...(foreignWriter === undefined ? {} : { foreignWriter }),
    };
  }
  const waiting = waitForGateways
    ? routes.map(({ live }) => notAcknowledged(live)).find((reason) => reason !== undefined)
    : undefined;
  if (waiting !== undefined) return { inSync: true, canaryWeight, verification: Verification.PENDING, detail: waiting };
  return { inSync: true, canaryWeight, verification: Verification.VERIFIED, detail: unplaced(intent, routes) };
}

/** Header routes that no route may take are said, not refused: the weights are right without them. */
function unplaced({ headerRoutes }: GatewayIntent, routes: readonly Routed[]): string {
  const placed = routes.flatMap(({ live, wanted }) => headerRuleNames(live, wanted));
  const missingNames = headerRoutes
    .map(({ name }) => name)
    .filter((name) => !placed.some((rule) => rule === name || rule.startsWith(`${name}-`)));
  if (missingNames.length === 0) return '';
  return `header route ${missingNames.join(', ')} is nowhere: no HTTPRoute or GRPCRoute with useHeaderRoutes has a rule for both versions`;
}
