import { recordedShare, routersOf, spanAfterAnswer, spanAfterFailure } from '@sluice/engine';
import type { Action, ReleaseAnswer, RouterObservation, TrafficIntent } from '@sluice/engine';
import type { Rollout } from '@sluice/model';
import type { World } from './world.ts';

// The traffic routers of this world, and what the controller remembers of their answers: as the controller's own router memory does it. One Rollout uses them.

type Answer = Extract<RouterObservation, { readonly kind: 'observed' }>;
type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;

/** What the controller knows of the router. All of it may be lost at any time. */
export interface RouterMemory {
  readonly observation: RouterObservation;
  readonly at: number;
  readonly failures: number;
  readonly restUntil: number;
}

export interface VirtualRouter {
  readonly name: string;
  /**
   * It tells what is declared from what is obeyed, and says `pending` until it is. Otherwise it says what is obeyed now.
   */
  readonly verifies: boolean;
  /** What traffic obeys now; undefined: nothing was ever declared, and all traffic goes to the stable side. */
  live: TrafficIntent | undefined;
  /** Declared, and obeyed from that moment on. */
  coming: { readonly intent: TrafficIntent; readonly at: number } | undefined;
  /** From a declaration to the moment at which traffic obeys it. Milliseconds. */
  delayMs: number;
  /** So many of the next calls are carried out, and nobody learns of it. */
  repliesToLose: number;
  isAway: boolean;
  readonly memories: Map<string, RouterMemory>;
  readonly releases: Map<string, ReleaseAnswer>;
}

export interface RouterOptions {
  readonly name?: string;
  readonly verifies?: boolean;
  readonly delayMs?: number;
}

const unknown: RouterMemory = { observation: { kind: 'unknown' }, at: 0, failures: 0, restUntil: 0 };
const LOOK_EVERY_MS = 30_000;
const restAfter = (failures: number): number => Math.min(15_000, 500 * 2 ** (failures - 1));

export const createRouter = ({ name = 'nginx', verifies = false, delayMs = 0 }: RouterOptions): VirtualRouter => ({
  name,
  verifies,
  live: undefined,
  coming: undefined,
  delayMs,
  repliesToLose: 0,
  isAway: false,
  memories: new Map(),
  releases: new Map(),
});

/**
 * What traffic obeys now, and after that what it will obey without anybody's doing; undefined: nothing was ever declared. Of the routers that a Rollout
 * names: what another one still holds is given back behind its back.
 */
export function routesOf({ routers, store }: World): readonly (TrafficIntent | undefined)[] {
  const named = new Set([...store.table('Rollout').values()].flatMap(({ spec }) => routersOf(spec)));
  return routers
    .filter(({ name }) => named.has(name))
    .flatMap((router) => {
      obey(router, store.now);
      return router.coming ? [router.live, router.coming.intent] : [router.live];
    });
}

function obey(router: VirtualRouter, now: number): void {
  if (router.coming === undefined || router.coming.at > now) return;
  router.live = router.coming.intent;
  router.coming = undefined;
}

/** For the snapshot. */
export function routerAnswers(
  { routers }: World,
  rollout: Rollout,
): { routers?: Readonly<Record<string, RouterObservation>>; releases?: Readonly<Record<string, ReleaseAnswer>> } {
  if (routers.length === 0) return {};
  const { name } = rollout.metadata;
  const named = routersOf(rollout.spec);
  const releases = routers.flatMap((router) => {
    const answer = router.releases.get(name);
    return answer === undefined ? [] : [[router.name, answer] as const];
  });
  return {
    routers: Object.fromEntries(
      routers
        .filter((router) => named.includes(router.name))
        .map((router) => [router.name, memoryOf(router, rollout).observation]),
    ),
    releases: Object.fromEntries(releases),
  };
}

const memoryOf = (router: VirtualRouter, { metadata }: Rollout): RouterMemory =>
  router.memories.get(metadata.name) ?? unknown;

/** Asks or tells a router. `resting`: each that was to be asked has failed a moment ago and is left alone. */
export function askRouter(
  { routers, store: { now } }: World,
  rollout: Rollout,
  action: ActionOf<'ApplyTraffic'> | ActionOf<'ReleaseTraffic'>,
): 'asked' | 'resting' {
  const names = action.kind === 'ReleaseTraffic' ? action.routers : [action.router];
  const awake = routers.filter((each) => names.includes(each.name) && memoryOf(each, rollout).restUntil <= now);
  for (const router of awake) {
    if (action.kind === 'ReleaseTraffic') release(router, rollout, now);
    else {
      router.releases.delete(rollout.metadata.name);
      const isReached = reach(router, now, () => {
        if (action.mode === 'apply') declare(router, action.intent, now);
      });
      remember(router, rollout, action.intent, isReached, now);
    }
  }
  return awake.length > 0 ? 'asked' : 'resting';
}

/** Looks again at what was in place long ago, and at what was pending. */
export function lookAgain({ routers, store: { now } }: World, rollout: Rollout): void {
  const named = routersOf(rollout.spec);
  for (const router of routers) {
    const { observation, at, restUntil } = memoryOf(router, rollout);
    if (restUntil > now) continue;
    if (!named.includes(router.name)) {
      // The controller has seen it leave the spec, and gives back what it holds. Where none is named, that is decided like all else.
      if (named.length > 0 && holdsRoutes(router)) release(router, rollout, now);
      continue;
    }
    if (observation.kind === 'observed' && at + LOOK_EVERY_MS <= now)
      remember(router, rollout, observation.intent, reach(router, now), now);
  }
}

const holdsRoutes = ({ live, coming }: VirtualRouter): boolean => live !== undefined || coming !== undefined;

/** When one should be asked again. What is in place is not looked at for its own sake: nobody else writes here, and a world may come to rest. */
export function routerAgainAt({ routers, store: { now } }: World, rollout: Rollout): number | undefined {
  const moments = routers.map((router) => {
    const { observation, at, restUntil } = memoryOf(router, rollout);
    if (restUntil > now) return restUntil;
    const isPending = observation.kind === 'observed' && observation.verification === 'pending';
    return isPending ? at + LOOK_EVERY_MS : Infinity;
  });
  const next = Math.min(...moments);
  return Number.isFinite(next) ? next : undefined;
}

/** Its process is started anew: what it has only promised to write is forgotten. */
export function restartRouter(router: VirtualRouter, now: number): void {
  obey(router, now);
  if (!router.verifies) router.coming = undefined;
  router.isAway = false;
}

/** Whether an answer came back. */
function reach(router: VirtualRouter, now: number, does: () => void = () => undefined): boolean {
  if (router.isAway) return false;
  obey(router, now);
  does();
  if (router.repliesToLose === 0) return true;
  router.repliesToLose -= 1;
  return false;
}

function declare(router: VirtualRouter, intent: TrafficIntent, now: number): void {
  if (isSame(router.coming?.intent ?? router.live, intent)) return;
  router.coming = { intent, at: now + router.delayMs };
  obey(router, now);
}

const isSame = (one: TrafficIntent | undefined, other: TrafficIntent): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

function seen(router: VirtualRouter, intent: TrafficIntent): Answer {
  const { live, coming, verifies } = router;
  const routes = verifies ? (coming?.intent ?? live) : live;
  const detail = coming && { detail: 'not obeyed yet' };
  return {
    kind: 'observed',
    intent,
    // What it has promised and not written yet takes the place of what is routed now.
    inSync: isSame(routes, intent) && (verifies || coming === undefined),
    canaryWeight: routes === undefined ? 0 : weightOf(routes, intent.canary.service),
    verification: !verifies ? 'unsupported' : coming ? 'pending' : 'verified',
    ...detail,
  };
}

/** With ping-pong, what was the stable side when it was declared may be the canary's now. */
const weightOf = ({ canary, weight, maxWeight }: TrafficIntent, service: string): number =>
  canary.service === service ? weight : maxWeight - weight;

function remember(
  router: VirtualRouter,
  rollout: Rollout,
  intent: TrafficIntent,
  isAnswered: boolean,
  now: number,
): void {
  const before = memoryOf(router, rollout);
  const { name } = rollout.metadata;
  const recorded = recordedShare(rollout.status?.canary?.weights, intent.maxWeight);
  if (isAnswered) {
    const answer = seen(router, intent);
    const observation = { ...answer, span: spanAfterAnswer(before.observation, answer, recorded) };
    router.memories.set(name, { observation, at: now, failures: 0, restUntil: 0 });
    return;
  }
  const failures = before.failures + 1;
  router.memories.set(name, {
    observation: {
      kind: 'unavailable',
      reason: 'connection refused',
      ...spanAfterFailure(before.observation, intent, recorded),
    },
    at: now,
    failures,
    restUntil: now + restAfter(failures),
  });
}

function release(router: VirtualRouter, rollout: Rollout, now: number): void {
  const { name } = rollout.metadata;
  const isReached = reach(router, now, () => {
    router.live = router.coming = undefined;
  });
  if (isReached) {
    router.releases.set(name, 'released');
    router.memories.delete(name);
    return;
  }
  const failures = memoryOf(router, rollout).failures + 1;
  router.releases.set(name, { reason: 'connection refused' });
  router.memories.set(name, { ...unknown, failures, restUntil: now + restAfter(failures) });
}
