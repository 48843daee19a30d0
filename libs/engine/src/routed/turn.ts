import { eventReasons } from '@sluice/model';
import type { TrafficWeights } from '@sluice/model';
import { serviceOf } from '../canary-services.ts';
import { heldWithoutStable } from '../canary-turn.ts';
import { describeStep, event } from '../events.ts';
import { experimentDestinations } from '../experiment-step/weights.ts';
import { hasExperimentSucceeded } from '../experiment-step/turn.ts';
import { routersOf } from '../hold.ts';
import { enterPauseStep, isPauseOver, withoutPause } from '../pause.ts';
import type { Plan } from '../plan.ts';
import { isPluginStepDone } from '../plugin-step/next-call.ts';
import { canaryPromotion, promoted } from '../promotion.ts';
import { hasPassedThreshold } from '../steps.ts';
import { isWithinRollbackWindow } from '../rollback.ts';
import { isHeldWithoutStable } from '../stable-missing.ts';
import { hasSucceeded } from '../rollout-analysis/entries.ts';
import { awaitsFirstWordUntil } from '../rollout-analysis/first-word.ts';
import { deepEqual } from '../same-status.ts';
import { lastingAvailable } from '../sets.ts';
import { canaryOf, isBlocked, isFullyPromoted, isHalted, pausesOf, stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';
import type { TurnResult } from '../turn.ts';
import { currentStepIndex, maxWeightOf, weightAtStep } from '../weight.ts';
import { routedCounts, shareOf } from './counts.ts';
import type { TrafficIntent } from './intent.ts';
import { acknowledgementOf, blockingRouter, observationOf, routedNow } from './routers.ts';
import type { Acknowledgement } from './routers.ts';
import { managedRoutes, noManagedRoutes } from './routes.ts';
import { isResized } from '../proportion.ts';
import { planHaltedSets, planRoutedSets } from './sets.ts';
import { serviceNames } from './service-names.ts';
import { planRoutedServices } from './services.ts';
import type { Reached } from './services.ts';
import { spanOfIntent, widest } from './span.ts';
import type { TrafficSpan } from './span.ts';
import { askedShare, isAtRoutedCounts, routableShare, routedHash } from './target.ts';
import type { CanaryPair } from '../canary-replicas.ts';
import { weightEvents } from './weight-events.ts';

/**
 * One turn of a canary whose traffic a router splits. Scale up, ready, route, seen to be routed, drain, scale down: nothing is taken away
 * from a side before every router has been seen to have left it.
 */
export function routedTurn(s: Situation, plan: Plan): TurnResult {
  // The routes stay as they are, too: no side can take what the other has.
  if (isHeldWithoutStable(s)) return heldWithoutStable(s, plan);
  const routed = routedNow(s);
  const wanted = routedCounts(s, routed);
  const reached = planRoutedServices(s, plan, routed);
  const intent = isNothingRouted(s, reached) ? undefined : wantedIntent(s, wanted, routed, reached);
  const answer = intent ? acknowledgementOf(s, intent) : 'missing';
  if (intent && answer === 'missing') planRoutes(s, plan, intent);
  if (answer === 'pending') plan.wake(s.now + VERIFY_AGAIN_MS);
  if (!isHalted(s)) {
    // Pods are kept for where traffic is, and for where it is sent in this turn.
    const span = intent ? widest(routed, spanOfIntent(intent)) : routed;
    planRoutedSets(s, plan, routedCounts(s, span), span, intent, answer);
  } else if (isResized(s)) planHaltedSets(s, plan, routed);
  const weights = intent && answer !== 'missing' ? recorded(s, intent, answer) : undefined;
  const result = strategyResult(s, plan, wanted, intent, answer, reached);
  const ahead = namedAhead(s, weights ?? s.status.canary?.weights);
  const blocked = answer === 'missing' || answer === 'pending' ? blockingRouter(s) : undefined;
  if (blocked)
    return { ...result, ...ahead, blockedBy: { what: `traffic router "${blocked.router}"`, reason: blocked.reason } };
  if (!weights) return { ...result, ...ahead };
  const events = [...weightEvents(s.status.canary?.weights, weights), ...(result.events ?? [])];
  const isHandedOver = result.stableRS === weights.canary.podTemplateHash && weights.canary.weight === maxWeightOf(s);
  return { ...result, weights: isHandedOver ? handedOver(weights) : weights, ...ahead, events };
}

/**
 * A version of an experiment is named in the stored status before any router is told to send it traffic: whoever takes its pods and its Service away asks that status,
 * and an answer that is lost must not make it look as if nobody were sent there.
 */
const isNamed = ({ rollout }: Situation, { hash }: { readonly hash: string }): boolean =>
  (rollout.status?.canary?.weights?.additional ?? []).some(({ podTemplateHash }) => podTemplateHash === hash);

/** The split with those that are still to be named, at a weight of 0: nothing has been seen to go there. */
function namedAhead(s: Situation, weights: TrafficWeights | null | undefined): Pick<TurnResult, 'weights'> {
  const unnamed = experimentDestinations(s).filter((each) => !isNamed(s, each));
  if (!weights || unnamed.length === 0) return {};
  const known = (weights.additional ?? []).filter(({ podTemplateHash: hash }) =>
    unnamed.every((each) => each.hash !== hash),
  );
  const next = unnamed.map(({ service, hash }) => ({ weight: 0, serviceName: service, podTemplateHash: hash }));
  return { weights: { ...weights, additional: [...known, ...next] } };
}

const VERIFY_AGAIN_MS = 10_000;

function strategyResult(
  s: Situation,
  plan: Plan,
  wanted: CanaryPair,
  intent: TrafficIntent | undefined,
  answer: Acknowledgement,
  reached: Reached,
): TurnResult {
  const steps = stepsOf(s).length;
  if (s.status.abort && s.roles.stableSet) {
    return { pauses: [], currentStepIndex: steps === 0 ? null : isFullyPromoted(s.status) ? steps : 0 };
  }
  if (isBlocked(s)) return { keepsResume: true };
  const promotion = canaryPromotion(s);
  // Where no pods are asked for there may never be a Service that routes could use, and nothing to wait for.
  const isUnrouted = isNothingRouted(s, reached) || (s.replicas === 0 && !intent);
  const isSeen = answer === 'verified' || answer === 'unsupported';
  if (promotion && (isUnrouted || mayPromote(s, isSeen ? intent : undefined)))
    return { ...promoted(s, promotion), flipsPingPong: s.status.stableRS !== s.roles.newSet.hash };
  if (isWithinRollbackWindow(s)) return { pauses: [], currentStepIndex: steps || null };
  return stepResult(s, plan, wanted, intent, isSeen || isUnrouted);
}

/**
 * All steps done means that all traffic has been seen on the new version; with a threshold that it has passed, as much as its pods can carry: the user has said that these
 * are enough. Without steps, and on a full promotion, the switch of the stable side moves it.
 */
function mayPromote(s: Situation, seen: TrafficIntent | undefined): boolean {
  const { newSet, stableSet } = s.roles;
  if (
    !stableSet ||
    newSet === stableSet ||
    s.status.promoteFull ||
    stepsOf(s).length === 0 ||
    isWithinRollbackWindow(s) ||
    s.replicas === 0
  )
    return true;
  const needed = hasPassedThreshold(s, newSet) ? shareOf(s, newSet) : maxWeightOf(s);
  return seen !== undefined && seen.weight >= needed;
}

function stepResult(
  s: Situation,
  plan: Plan,
  wanted: CanaryPair,
  intent: TrafficIntent | undefined,
  isRouted: boolean,
): TurnResult {
  const steps = stepsOf(s);
  const index = currentStepIndex(s);
  const pauses = s.status.promoteFull ? [] : pausesOf(s.status);
  if (index === undefined) return { pauses, currentStepIndex: steps.length || null };
  const step = steps[index]!;
  if (!s.spec.paused && isRoutedStepDone(s, index, wanted, intent, isRouted)) {
    return {
      pauses: withoutPause(pauses, 'CanaryPauseStep'),
      currentStepIndex: index + 1,
      events: [
        event(
          eventReasons.rolloutStepCompleted,
          `Rollout step ${index + 1}/${steps.length} completed (${describeStep(step)})`,
        ),
      ],
    };
  }
  const enters = step.pause && isRouted && !plan.scales && !s.spec.paused && !s.status.promoteFull;
  return {
    pauses: enters ? enterPauseStep(s, plan, step.pause!) : pauses,
    keepsResume: s.spec.paused === true || (step.pause !== undefined && !isRouted),
  };
}

function isRoutedStepDone(
  s: Situation,
  index: number,
  wanted: CanaryPair,
  intent: TrafficIntent | undefined,
  isRouted: boolean,
): boolean {
  const step = stepsOf(s)[index]!;
  if (step.pause) return isRouted && isPauseStepOver(s, index);
  const isWeight = step.setWeight !== undefined && step.setWeight !== null;
  if ((isWeight || step.setCanaryScale) && awaitsFirstWordUntil(s) !== undefined) return false;
  if (isWeight) {
    // With a threshold, and where no pods are asked for, the step does not wait for the capacity that its whole weight would need.
    const isEmpty = s.replicas === 0 || wanted.canary === 0;
    const mayBeLess = isEmpty || !intent || (!!canaryOf(s)?.replicaProgressThreshold && isRecorded(s));
    return isRouted && isAtRoutedCounts(s, wanted) && (mayBeLess || intent?.weight === weightAtStep(s, index));
  }
  if (step.setCanaryScale) return isAtRoutedCounts(s, wanted);
  if (step.analysis) return hasSucceeded(s.status, 'Step');
  if (step.experiment) return hasExperimentSucceeded(s);
  if (step.plugin) return isPluginStepDone(s, index);
  return !!(step.setHeaderRoute || step.setMirrorRoute) && isRouted;
}

const isPauseStepOver = (s: Situation, index: number): boolean => {
  const pause = stepsOf(s)[index]?.pause;
  return !!pause && isPauseOver(s, pause);
};

/**
 * Whether the status tells of a split. The first that routers are told is the one that they have without us: what is asked of them from then on is given back, also by
 * a controller that has only the status to know it from.
 */
const isRecorded = ({ status }: Situation): boolean => !!status.canary?.weights;

/**
 * A first deploy that came to nothing: no pod of the stable version answers, none was ever given its Service, and nothing was ever routed. Whoever asks gets the pods that
 * there are, whichever version they run; so an update that mends it takes its steps by its pods alone.
 */
const isNothingRouted = (s: Situation, reached: Reached): boolean =>
  s.replicas > 0 &&
  !isRecorded(s) &&
  s.roles.stableSet !== undefined &&
  lastingAvailable(s.roles.stableSet) === 0 &&
  reached.stable !== s.roles.stableSet.hash;

/** What every router is to do now; undefined while the stable Service is not where the routes need it, and where nobody could answer. */
function wantedIntent(
  s: Situation,
  wanted: CanaryPair,
  routed: TrafficSpan,
  reached: Reached,
): TrafficIntent | undefined {
  const { stableSet, newSet, all } = s.roles;
  if (!stableSet) return undefined;
  const names = serviceNames(s);
  // Nothing is sent to a Service that is gone: its traffic comes back with it.
  if (names.stable !== '' && serviceOf(s, names.stable) === undefined) return undefined;
  // A stable Service that still selects another version must not be given its traffic back. Where no pods are asked for, one that selects all takes it from nobody.
  const isOpen = s.replicas === 0 && reached.stable === '';
  if (reached.stable !== undefined && reached.stable !== stableSet.hash && !isOpen) return undefined;
  if (s.replicas > 0 && lastingAvailable(newSet) === 0 && lastingAvailable(stableSet) === 0) return undefined;
  // As long as another version is there, the new one gets nothing, and what the other one has goes back.
  const isReady = reached.canary === newSet.hash;
  const carrier = reached.canary === undefined ? 'everyone' : all.find((set) => set.hash === reached.canary);
  return {
    stable: { service: names.stable, hash: stableSet.hash },
    canary: { service: names.canary, hash: routedHash(s, reached.canary ?? newSet.hash) },
    weight: routableShare(s, isReady && isRecorded(s) ? askedShare(s, wanted) : 0, routed, carrier),
    maxWeight: maxWeightOf(s),
    extraDestinations: experimentDestinations(s).filter((each) => isNamed(s, each)),
    ...(isReady && wanted.canary > 0 ? managedRoutes(s) : noManagedRoutes),
    managedRoutes: (canaryOf(s)?.trafficRouting?.managedRoutes ?? []).map((route) => route.name),
  };
}

function planRoutes(s: Situation, plan: Plan, intent: TrafficIntent): void {
  for (const router of routersOf(s.spec)) {
    const seen = observationOf(s, router);
    // One that is not installed cannot be asked.
    if (!s.snapshot.capabilities.routers.includes(router)) continue;
    if (seen.kind === 'observed' && seen.inSync && deepEqual(seen.intent, intent)) continue;
    // What nobody has looked at is looked at first: taking over writes nothing where all is well.
    plan.route({
      kind: 'ApplyTraffic',
      router,
      intent,
      mode: seen.kind === 'unknown' ? 'observe' : 'apply',
      events: [],
    });
  }
}

/** What is kept in the status: the split that every router was seen to have. */
function recorded(s: Situation, intent: TrafficIntent, answer: Acknowledgement): TrafficWeights {
  const canary = canaryOf(s);
  const extra = intent.extraDestinations.reduce((sum, { weight }) => sum + weight, 0);
  const destination = (service: string | null | undefined, hash: string, weight: number) => ({
    weight,
    ...(service && { serviceName: service }),
    podTemplateHash: hash,
  });
  return {
    // Without any traffic it is the version that is to get some, also when it has no pods yet.
    canary: destination(
      canary?.canaryService,
      intent.weight > 0 ? intent.canary.hash : s.roles.newSet.hash,
      intent.weight,
    ),
    stable: destination(canary?.stableService, intent.stable.hash, intent.maxWeight - intent.weight - extra),
    ...(intent.extraDestinations.length > 0 && {
      additional: intent.extraDestinations.map(({ service, hash, weight }) => destination(service, hash, weight)),
    }),
    ...(answer !== 'unsupported' && { verified: answer === 'verified' }),
  };
}

/**
 * Promoted with all traffic, the canary is the stable version: on which side of the routes its traffic comes says nothing any more. So the promotion records what
 * stays, and nothing is left to be stored when the routes follow.
 */
const handedOver = ({ canary, stable, ...rest }: TrafficWeights): TrafficWeights => ({
  ...rest,
  canary: { ...canary, weight: 0 },
  stable: { ...stable, weight: canary.weight, podTemplateHash: canary.podTemplateHash },
});
