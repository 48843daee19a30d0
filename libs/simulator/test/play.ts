// Plays a history and looks at everything on the way: what a decision would do, whether it comes to rest, where it ends.
import { isCompleted, noCapabilities, routersOf } from '@sluice/engine';
import { conditionTypes, podTemplateHashLabel, serviceNamesOf } from '@sluice/model';
import type { PodTemplateSpec, ReplicaSet, RolloutSpec, RolloutStatus } from '@sluice/model';
import {
  abort,
  apply,
  catchUp,
  controllerOf,
  createWorld,
  joinedServices,
  leftovers,
  observe,
  observeExperiment,
  patchRolloutSpec,
  promote,
  restartRouter,
  retry,
  routesOf,
  setImage,
  setImageBehaviour,
  settle,
  setsOf,
  step,
  violationsOf,
} from '../src/index.ts';
import type { DecideExperiment, DecideRollout, Property, Turn, VirtualRouter, World } from '../src/index.ts';
import { images, manifestsOf, ROLLOUT, service } from './history.ts';
import type { Goal, History } from './history.ts';
import { calmStepPlugins, stepPluginWrongs, unprovenSteps } from './plugin-checks.ts';
import type { PluginBroke } from './plugin-checks.ts';

/** What a history can break: the properties of one decision, and those that show only over time. */
export type Broke = Property | 'rest' | 'converges' | 'idempotent' | 'joined' | 'leftovers' | PluginBroke;

export class Broken extends Error {
  readonly property: Broke;
  constructor(property: Broke, what: string) {
    super(`${property}: ${what}`);
    this.property = property;
  }
}

const capabilities = { ...noCapabilities, analysis: true, experiments: true };

/** The engines under test. */
export interface Engines {
  readonly decide?: DecideRollout;
  readonly decideExperiment?: DecideExperiment;
}

export function begin(history: History, engines: Engines = {}): World {
  const world = createWorld({
    ...engines,
    ...(history.metrics ? { capabilities } : {}),
    ...(history.routers ? { routers: history.routers } : {}),
    ...(history.stepPlugins ? { stepPlugins: history.stepPlugins } : {}),
  });
  apply(world, ...manifestsOf(history));
  return world;
}

export function expectSafe(turns: readonly Turn[]): void {
  for (const turn of turns.flatMap((each) => [...(each.earlier ?? []), each])) {
    const [first] = violationsOf(turn);
    if (first) throw new Broken(first.property, `${first.what} (${JSON.stringify(turn.decision.actions)})`);
  }
}

/** No step of a plugin is gone past before the plugin has done it. */
function expectProven(world: World, turns: readonly Turn[]): void {
  const [wrong] = world.stepPlugins?.wrongs ?? [];
  if (wrong) throw new Broken('plugin-calls', wrong);
  const [unproven] = unprovenSteps(world, turns);
  if (unproven) throw new Broken('plugin-evidence', unproven);
}

/** Experiments and the Rollout's Services do not meet. */
function expectApart(world: World): void {
  const [joined] = joinedServices(world);
  if (joined) throw new Broken('joined', joined);
}

/** More turns than this without an end are a livelock. */
const MAX_TURNS = 400;

export function rest(world: World, what: string): void {
  const { turns, ended } = settle(world, { maxTurns: MAX_TURNS, seen: () => expectApart(world) });
  expectSafe(turns);
  expectProven(world, turns);
  if (ended === 'settled') {
    const [left] = leftovers(world);
    if (left) throw new Broken('leftovers', `${what}: ${left}`);
    return;
  }
  const last = turns.at(-1);
  const did = `the last ended ${last?.ended} with ${JSON.stringify(last?.decision.actions)}, wakeAt ${last?.decision.wakeAt}`;
  throw new Broken('rest', `${what}: ${ended} after ${turns.length} turns; ${did}`);
}

/** Plays it all; throws `Broken` at the first thing that must not be. */
export function playHistory(history: History, engines?: Engines): void {
  const world = begin(history, engines);
  if (history.deployed) rest(world, 'first deploy');
  for (const choice of history.choices) {
    const turns = step(world, choice);
    expectSafe(turns);
    expectProven(world, turns);
    expectApart(world);
  }
  stopFaults(world, history);
  rest(world, 'faults have stopped');
  reach(world, history.goal);
  checkGoal(world, history.goal);
  checkExperiments(world);
  checkStepPlugins(world);
  checkIdempotence(world);
}

/** Metrics are good again, pods start again, Services are there, the cache is fresh, and nobody holds the Rollout. */
export function stopFaults(world: World, history: History): void {
  catchUp(world);
  for (const image of images) setImageBehaviour(world, image, 1000);
  world.measure = () => ({ phase: 'Successful' });
  world.createsRefused = false;
  world.evictionsRefused = false;
  for (const router of world.routers) calmRouter(world, router);
  if (world.stepPlugins) calmStepPlugins(world, world.stepPlugins);
  for (const name of serviceNamesOf({ spec: history }))
    if (!world.store.get('Service', name)) apply(world, service(name));
  patchRolloutSpec(world, ROLLOUT, { paused: false });
}

function calmRouter(world: World, router: VirtualRouter): void {
  restartRouter(router, world.store.now);
  router.repliesToLose = 0;
  router.delayMs = Math.min(router.delayMs, 1000);
}

const current = (world: World) => world.store.get('Rollout', ROLLOUT)!;
const imageOf = (owner: { readonly spec: { readonly template?: PodTemplateSpec } } | undefined): string | undefined =>
  owner?.spec.template?.spec?.containers[0]?.image;
/** Of the Rollout's own template, or of the Deployment that it refers to. */
const wantedImage = (world: World): string | undefined =>
  imageOf(current(world).spec.workloadRef ? world.store.get('Deployment', ROLLOUT) : current(world));
const setWith = (world: World, hash: string | undefined): ReplicaSet | undefined =>
  setsOf(world, ROLLOUT).find((set) => set.metadata.labels?.[podTemplateHashLabel] === hash);

export function reach(world: World, goal: Goal): void {
  // The stable ReplicaSet was deleted and no controller remembers it: a user takes the way out that the Rollout names.
  if (current(world).status?.conditions?.some(({ type }) => type === conditionTypes.stableMissing)) {
    promote(world, ROLLOUT, 'full');
    rest(world, 'promoted without a stable version');
  }
  if (goal === 'abort') {
    abort(world, ROLLOUT);
    rest(world, 'aborted');
    return;
  }
  if (goal === 'rollback') {
    const stable = imageOf(setWith(world, current(world).status?.stableRS));
    if (stable) setImage(world, ROLLOUT, stable);
    rest(world, 'rolled back');
    return;
  }
  if (goal === 'supersede') setImage(world, ROLLOUT, 'shop:9');
  else retry(world, ROLLOUT);
  rest(world, goal);
  promote(world, ROLLOUT, 'full');
  rest(world, 'promoted');
}

/** Property 4: what was asked for is reached, with the Services where they belong. */
function checkGoal(world: World, goal: Goal): void {
  const { spec, status = {} } = current(world);
  const fail = (what: string): never => {
    const sets = setsOf(world, ROLLOUT).map(
      (set) =>
        `${imageOf(set)} ${set.metadata.labels?.[podTemplateHashLabel]} ${set.status?.availableReplicas ?? 0}/${set.spec.replicas}`,
    );
    throw new Broken(
      'converges',
      `${goal}: ${what}; phase ${status.phase} (${status.message}), stable ${status.stableRS}, current ${status.currentPodHash}, sets ${sets.join(', ')}`,
    );
  };
  const aborted = goal === 'abort' && status.stableRS !== status.currentPodHash;
  const wanted = aborted ? 'Degraded' : 'Healthy';
  if (status.phase !== wanted && !(aborted && spec.replicas === 0)) fail(`phase is not ${wanted}`);
  if (!aborted && status.currentPodHash !== status.stableRS) fail('not promoted');
  const served = setWith(world, status.stableRS);
  if (!served) fail('no stable ReplicaSet');
  if (!aborted && imageOf(served) !== wantedImage(world)) fail('another version than asked for');
  if (served?.spec.replicas !== spec.replicas || (served?.status?.availableReplicas ?? 0) !== spec.replicas)
    fail('stable pods are missing');
  const { abortScaleDownDelaySeconds } = spec.strategy?.blueGreen ?? spec.strategy?.canary ?? {};
  // A delay of 0 means that the pods stay; those of a routed canary go with their traffic, unless their number was set by hand.
  const keepsPreview = aborted && abortScaleDownDelaySeconds === 0;
  for (const set of setsOf(world, ROLLOUT))
    if (set !== served && set.spec.replicas !== 0 && !keepsPreview) fail(`${set.metadata.name} is left over`);
  if (spec.replicas !== 0) checkServices(world, fail);
  for (const routes of spec.replicas === 0 ? [] : routesOf(world))
    if (routes && (routes.weight !== 0 || routes.headerRoutes.length + routes.mirrorRoutes.length > 0))
      fail(`the routes still have ${JSON.stringify(routes)}`);
  for (const router of world.routers)
    if (!routersOf(spec).includes(router.name) && holdsTraffic(router))
      fail(`router ${router.name} has not given back`);
}

function checkServices(world: World, fail: (what: string) => never): void {
  const { spec, status = {} } = current(world);
  const { canary, blueGreen } = spec.strategy ?? {};
  const wanted: [string | undefined, string | undefined][] = [
    [canary?.stableService, status.stableRS],
    [canary?.canaryService, status.stableRS],
    [stablePart(spec, status), status.stableRS],
    [blueGreen?.activeService, status.stableRS],
    [blueGreen?.previewService, status.currentPodHash],
  ];
  for (const [name, hash] of wanted) {
    if (!name) continue;
    const selected = world.store.get('Service', name)?.spec?.selector?.[podTemplateHashLabel];
    if (selected !== hash) fail(`Service ${name} selects ${selected}, not ${hash}`);
  }
}

function checkStepPlugins(world: World): void {
  const [wrong] = stepPluginWrongs(world, current(world));
  if (wrong) throw new Broken(...wrong);
}

/** What it was told before any status could tell of it sends all traffic to the stable side: that may stay. */
const holdsTraffic = ({ live, coming }: VirtualRouter): boolean =>
  [live, coming?.intent].some((intent) => intent && (intent.weight > 0 || intent.headerRoutes.length > 0));

const stablePart = ({ strategy }: RolloutSpec, { canary }: RolloutStatus): string | undefined =>
  canary?.stablePingPong === 'ping' ? strategy?.canary?.pingPong?.pingService : strategy?.canary?.pingPong?.pongService;

/** An update that is over leaves no experiment of its steps behind, nor anything that one has made. */
function checkExperiments(world: World): void {
  for (const experiment of world.store.list('Experiment')) {
    const { name } = experiment.metadata;
    if (controllerOf(experiment)?.kind === 'Rollout' && !isCompleted(experiment.status?.phase))
      throw new Broken('leftovers', `Experiment ${name} still runs, and the update is over`);
    const { actions, statusUrgency } = world.decideExperiment(observeExperiment(world, experiment));
    if (actions.length > 0 || statusUrgency !== 'unchanged')
      throw new Broken(
        'idempotent',
        `Experiment ${name} is settled, and ${JSON.stringify(actions)} (${statusUrgency})`,
      );
  }
}

/** Deciding again on a settled world does nothing. */
function checkIdempotence(world: World): void {
  const snapshot = observe(world, current(world));
  const decision = world.decide(snapshot);
  if (decision.actions.length > 0)
    throw new Broken('idempotent', `actions on a settled world: ${JSON.stringify(decision.actions)}`);
  if (decision.statusUrgency !== 'unchanged')
    throw new Broken('idempotent', `a settled status is to be written (${decision.statusUrgency})`);
}
