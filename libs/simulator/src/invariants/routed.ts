import type { Action, TrafficIntent } from '@sluice/engine';
import type { RolloutStatus } from '@sluice/model';
import { availableOf } from '../scene.ts';
import type { Scene } from '../scene.ts';
import type { Violation } from './violation.ts';

/**
 * Properties 1 and 2 for one action of a routed canary. `routes`: what traffic obeys now or will obey without anybody's doing; the action must be safe
 * with each of them. What others have done may leave too few pods: our own doing never makes it worse.
 */
export function routedViolations(
  before: Scene,
  now: Scene,
  action: Action,
  declared: readonly (TrafficIntent | undefined)[],
  status: RolloutStatus,
): Violation[] {
  const { replicas } = now;
  const routes = (declared.length > 0 ? declared : [undefined]).map((each) => each ?? everythingStable(now, status));
  if (replicas === 0 || availableOf(now) === 0) return [];
  if (action.kind === 'ApplyTraffic') {
    if (action.mode === 'observe') return [];
    const worst = routes.map((each) => shortfall(before, each, status)).reduce(worse);
    return judged(worst, shortfall(now, action.intent, status), `weight ${action.intent.weight} is routed`);
  }
  const what = JSON.stringify(action).slice(0, 300);
  // Which of all pods it reached before, nobody knows.
  const wasOpen = action.kind === 'SwitchService' && !before.selectors.get(action.target.name);
  return (
    routes
      .flatMap((each) =>
        judged(shortfall(before, each, status), shortfall(now, each, status), `weight ${each.weight}, ${what}`),
      )
      // A restart was asked for, and takes each pod once, as few as they may be: but never the last that somebody is sent to.
      .filter(({ property }) => property === 'routed' || !(wasOpen || action.kind === 'EvictPod'))
  );
}

/** Before anything is declared. */
function everythingStable({ rollout }: Scene, status: RolloutStatus): TrafficIntent {
  const { stableService, canaryService, pingPong } = rollout.spec.strategy?.canary ?? {};
  const { stableRS = '', currentPodHash = '' } = status;
  const names = [pingPong?.pingService ?? stableService ?? '', pingPong?.pongService ?? canaryService ?? ''] as const;
  const [stable, canary] = pingPong && status.canary?.stablePingPong !== 'ping' ? [names[1], names[0]] : names;
  return {
    stable: { service: stable, hash: stableRS },
    canary: { service: canary, hash: currentPodHash },
    weight: 0,
    maxWeight: 100,
    extraDestinations: [],
    headerRoutes: [],
    mirrorRoutes: [],
    managedRoutes: [],
  };
}

/** Percent of all traffic. */
interface Shortfall {
  /** Traffic that reaches versions without available pods. */
  readonly unanswered: number;
  /** Traffic beyond what available pods can carry, that included. */
  readonly beyond: number;
}

const worse = (one: Shortfall, other: Shortfall): Shortfall => ({
  unanswered: Math.max(one.unanswered, other.unanswered),
  beyond: Math.max(one.beyond, other.beyond),
});

function judged(before: Shortfall, after: Shortfall, what: string): Violation[] {
  if (after.unanswered > before.unanswered)
    return [{ property: 'routed', what: `traffic (${after.unanswered}) to a version without available pods: ${what}` }];
  if (after.beyond > before.beyond + ROUNDING)
    return [
      {
        property: 'capacity',
        what: `traffic beyond what pods can carry grows ${before.beyond} → ${after.beyond}: ${what}`,
      },
    ];
  return [];
}

/** A header route sends somebody there, however few: percent. */
const SOMEBODY = 0.01;
/** Weights are whole numbers; two of them may each be one off. */
const ROUNDING = 2;

function shortfall(scene: Scene, routes: TrafficIntent, status: RolloutStatus): Shortfall {
  const { maxWeight: max, weight } = routes;
  const canary = reached(scene, routes.canary);
  const shares = new Map<string, number>();
  const send = (hash: string | undefined, share: number): void => {
    if (hash === undefined) return;
    if (hash !== '') shares.set(hash, (shares.get(hash) ?? 0) + share);
    else for (const set of scene.sets) send(set.hash, (share * set.available) / availableOf(scene));
  };
  const percent = (100 * weight) / max;
  send(canary, percent + (routes.headerRoutes.length > 0 ? SOMEBODY : 0));
  const stable = reached(scene, routes.stable);
  send(stable, 100 - percent);
  // The canary's pods are what people asked for: of the version that the steps are about, and not of one that it has taken the place of.
  const byHand = hasScaleByHand(scene, status) ? status.currentPodHash : undefined;
  let [unanswered, beyond] = [0, 0];
  for (const [hash, share] of shares) {
    const available = availableOf(scene, hash);
    const carries = (100 * available) / scene.replicas + SOMEBODY;
    if (available === 0) unanswered += share;
    else if (!(hash === byHand && hash === canary && hash !== stable)) beyond += Math.max(0, share - carries);
  }
  return { unanswered, beyond: beyond + unanswered };
}

/** The version that a side of the routes reaches; '': each pod alike, by a Service that selects all versions; undefined: nobody, the Service is gone. */
function reached({ selectors }: Scene, { service, hash }: TrafficIntent['canary']): string | undefined {
  return service ? selectors.get(service) : hash || undefined;
}

/** The canary's pods are what people asked for, and its weight follows the step: only the floor of one pod holds. Source: architecture §4.2. */
function hasScaleByHand(
  { rollout }: Scene,
  { abort, promoteFull, currentStepIndex: index, stableRS, currentPodHash }: RolloutStatus,
): boolean {
  const { steps, abortScaleDownDelaySeconds } = rollout.spec.strategy?.canary ?? {};
  if (promoteFull || stableRS === currentPodHash || (abort && abortScaleDownDelaySeconds !== 0)) return false;
  // When the last step is done, nobody rules by hand any more.
  if (!steps || index === undefined || index === null || index >= steps.length) return false;
  const scale = steps.slice(0, index + 1).findLast((step) => step.setCanaryScale)?.setCanaryScale;
  return scale !== undefined && !scale.matchTrafficWeight;
}
