import { decideAnalysisRun, metricForUse, secretArguments } from '@sluice/engine';
import type { FinishedMeasurement, MeasurementIdentity, MeasurementOutcome } from '@sluice/engine';
import type { AnalysisRun, AnalysisRunStatus, Metric } from '@sluice/model';
import type { World } from './world.ts';

// The analysis-runner of this world: it decides with the same engine, and measures what `world.measure` says.

export type Measured = Pick<FinishedMeasurement, 'phase' | 'value' | 'message'>;

/** What a metric says to this measurement of it. */
export type Measure = (run: AnalysisRun, metric: Metric, ordinal: number) => Measured;

/** All of it may be lost at any time. */
export interface AnalysisMemory {
  held: AnalysisRunStatus | undefined;
  heldSince: number | undefined;
  lastFinishedAt: Readonly<Record<string, number>>;
  inFlight: readonly (MeasurementIdentity & { readonly startedAt: number })[];
  wakeAt: number | undefined;
}

/** From the question to the answer. */
const MEASURE_MS = 50;
/** How long further successes wait to be written together. */
const WRITE_WAIT_MS = 1000;

function memoryOf(world: World, name: string): AnalysisMemory {
  let memory = world.analyses.get(name);
  if (memory === undefined) {
    memory = { held: undefined, heldSince: undefined, lastFinishedAt: {}, inFlight: [], wakeAt: undefined };
    world.analyses.set(name, memory);
  }
  return memory;
}

/** Assemble, decide, execute: once, for one AnalysisRun. */
export function reconcileRun(world: World, name: string): void {
  const run = world.store.get('AnalysisRun', name);
  if (run === undefined) {
    world.analyses.delete(name);
    return;
  }
  const memory = memoryOf(world, name);
  const { now } = world.store;
  const outcomes = answersOf(world, run, memory);
  const decision = decideAnalysisRun({
    now,
    run,
    ...(memory.held && { held: memory.held }),
    outcomes,
    inFlight: memory.inFlight,
    lastFinishedAt: memory.lastFinishedAt,
  });
  memory.lastFinishedAt = decision.lastFinishedAt;
  const asked = decision.tasks.filter(({ kind }) => kind !== 'cancel');
  const stays = ({ metric, ordinal }: MeasurementIdentity): boolean =>
    !decision.tasks.some((task) => task.kind === 'cancel' && task.metric === metric && task.ordinal === ordinal);
  memory.inFlight = [
    ...memory.inFlight.filter(stays),
    ...asked.map(({ metric, ordinal }) => ({ metric, ordinal, startedAt: now })),
  ];
  memory.wakeAt = decision.wakeAt;
  store(world, run, memory, decision);
  if (decision.deleteAt !== undefined && decision.deleteAt <= now) world.store.remove('AnalysisRun', name);
}

/** What has been answered by now; it is no longer under way. */
function answersOf(world: World, run: AnalysisRun, memory: AnalysisMemory): MeasurementOutcome[] {
  const { now } = world.store;
  const isAnswered = ({ startedAt }: { readonly startedAt: number }): boolean => startedAt + MEASURE_MS <= now;
  const answered = memory.inFlight.filter(isAnswered);
  memory.inFlight = memory.inFlight.filter((one) => !isAnswered(one));
  return answered.map((one) => ({ kind: 'finished', ...one, finishedAt: now, ...measured(world, run, one) }));
}

function measured(world: World, run: AnalysisRun, { metric, ordinal }: MeasurementIdentity): Measured {
  const secrets = Object.fromEntries(secretArguments(run).map(({ argument }) => [argument, 'simulated']));
  const used = metricForUse(run, metric, secrets);
  return used.ok ? world.measure(run, used.value.metric, ordinal) : { phase: 'Error', message: used.error.message };
}

function store(
  world: World,
  run: AnalysisRun,
  memory: AnalysisMemory,
  { status, statusUrgency, events }: ReturnType<typeof decideAnalysisRun>,
): void {
  const { now } = world.store;
  const isPaced = statusUrgency === 'soon' && now < (memory.heldSince ?? now) + WRITE_WAIT_MS;
  if (statusUrgency === 'unchanged' || status === undefined) {
    memory.held = memory.heldSince = undefined;
    return;
  }
  if (isPaced) {
    memory.held = status;
    memory.heldSince ??= now;
    return;
  }
  const { name, uid = '', resourceVersion = '' } = run.metadata;
  memory.held = memory.heldSince = undefined;
  world.store.replace('AnalysisRun', name, { uid, resourceVersion }, (current) => ({ ...current, status }));
  for (const event of events) world.events.push({ rollout: '', run: name, ...event });
}

const momentsOf = ({ wakeAt, heldSince, inFlight }: AnalysisMemory): number[] =>
  [
    wakeAt,
    heldSince === undefined ? undefined : heldSince + WRITE_WAIT_MS,
    ...inFlight.map(({ startedAt }) => startedAt + MEASURE_MS),
  ].filter((at) => at !== undefined);

/** The runs whose time has come. */
export function wakeRuns(world: World): void {
  for (const [name, memory] of world.analyses)
    if (momentsOf(memory).some((at) => at <= world.store.now)) world.due.analysisRuns.add(name);
}

/** The next moment after now at which a run has something to do by itself. */
export function nextMeasurementMoment(world: World): number | undefined {
  const coming = [...world.analyses.values()].flatMap(momentsOf).filter((at) => at > world.store.now);
  return coming.length > 0 ? Math.min(...coming) : undefined;
}

/** What the analysis-runner kept in memory is gone; it lists everything and looks at every run. */
export function restartRunner(world: World): void {
  world.analyses.clear();
  for (const name of world.store.table('AnalysisRun').keys()) world.due.analysisRuns.add(name);
}
