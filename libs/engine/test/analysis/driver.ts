import { decideAnalysisRun } from '../../src/index.ts';
import type {
  AnalysisRunDecision,
  AnalysisRunSnapshot,
  EventIntent,
  FinishedMeasurement,
  MeasurementIdentity,
  MeasurementOutcome,
  MeasurementTask,
  SecretObservation,
} from '../../src/index.ts';
import type { AnalysisRun, AnalysisRunSpec, AnalysisRunStatus, Metric } from '@sluice/model';

// A scheduler of one AnalysisRun in virtual time, as small as it can be: it stores what a decision says, and remembers what it asked for.

export type DecideAnalysisRun = (snapshot: AnalysisRunSnapshot) => AnalysisRunDecision;

export const start = Date.UTC(2026, 0, 1, 12);

export const metric = (name: string, fields: Partial<Metric> = {}): Metric => ({
  name,
  provider: { web: { url: 'http://metrics/' } },
  ...fields,
});

export const analysisRun = (metrics: Metric[], spec: Partial<AnalysisRunSpec> = {}): AnalysisRun => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: { name: 'run', namespace: 'team', uid: 'uid-run', creationTimestamp: '2026-01-01T12:00:00Z' },
  spec: { metrics, ...spec },
});

type Phase = FinishedMeasurement['phase'];

export class Driver {
  now = start;
  /** As stored. */
  run: AnalysisRun;
  held: AnalysisRunStatus | undefined;
  inFlight: MeasurementIdentity[] = [];
  tasks: readonly MeasurementTask[] = [];
  lastFinishedAt: Record<string, number> = {};
  secrets: Record<string, SecretObservation> = {};
  events: EventIntent[] = [];
  writes = 0;
  wakeAt: number | undefined;
  decision: AnalysisRunDecision | undefined;
  readonly decideRun: DecideAnalysisRun;

  constructor(run: AnalysisRun, decideRun: DecideAnalysisRun = decideAnalysisRun) {
    this.run = run;
    this.decideRun = decideRun;
  }

  get status(): AnalysisRunStatus | undefined {
    return this.held ?? this.run.status;
  }

  result(name: string) {
    return this.status?.metricResults?.find((result) => result.name === name);
  }

  /** Decides, stores what is urgent (with `flush` anything) and remembers the rest. */
  decide(outcomes: readonly MeasurementOutcome[] = [], flush = true): AnalysisRunDecision {
    const decision = this.decideRun({
      now: this.now,
      run: this.run,
      ...(this.held && { held: this.held }),
      outcomes,
      inFlight: this.inFlight,
      lastFinishedAt: this.lastFinishedAt,
      secrets: this.secrets,
    });
    this.decision = decision;
    this.lastFinishedAt = { ...decision.lastFinishedAt };
    this.wakeAt = decision.wakeAt;
    this.tasks = decision.tasks;
    this.inFlight = this.inFlight.filter((one) => !decision.tasks.some((task) => isSame(one, task)));
    for (const task of decision.tasks) if (task.kind !== 'cancel') this.inFlight.push(identityOf(task));
    if (decision.statusUrgency === 'now' || (decision.statusUrgency === 'soon' && flush)) this.store(decision);
    else this.held = decision.statusUrgency === 'soon' ? decision.status : undefined;
    return decision;
  }

  private store({ status, events }: AnalysisRunDecision): void {
    if (status) this.run = { ...this.run, status };
    this.held = undefined;
    this.writes += 1;
    this.events.push(...events);
  }

  /** What memory held is gone, as after a crash. */
  restart(): void {
    this.held = undefined;
    this.inFlight = [];
    this.lastFinishedAt = {};
  }

  /** Lets time pass and decides. */
  wait(ms: number): AnalysisRunDecision {
    this.now += ms;
    return this.decide();
  }

  /** The outcome of what is under way for a metric. */
  outcome(name: string, phase: Phase, rest: Partial<FinishedMeasurement> = {}): FinishedMeasurement {
    const identity = this.inFlight.find((one) => one.metric === name) ?? { metric: name, ordinal: 0 };
    return { kind: 'finished', ...identity, phase, startedAt: this.now, finishedAt: this.now, ...rest };
  }

  /** One answer comes back. */
  answer(name: string, phase: Phase, rest: Partial<FinishedMeasurement> = {}): AnalysisRunDecision {
    const outcome = this.outcome(name, phase, rest);
    this.land(outcome);
    return this.decide([outcome]);
  }

  land(identity: MeasurementIdentity): void {
    this.inFlight = this.inFlight.filter((one) => !isSame(one, identity));
  }

  /** Answers one after the other, each as soon as it is due. */
  answers(name: string, ...phases: Phase[]): void {
    for (const phase of phases) {
      this.untilDue(name);
      this.answer(name, phase);
    }
  }

  /** Lets time pass until a measurement of the metric is asked for. */
  untilDue(name: string): void {
    for (let turns = 0; turns < 100; turns += 1) {
      if (this.inFlight.some((one) => one.metric === name)) return;
      if (this.decision && this.wakeAt !== undefined) this.now = Math.max(this.now, this.wakeAt);
      this.decide();
    }
    throw new Error(`No measurement of ${name} becomes due: ${JSON.stringify(this.status)}`);
  }
}

const identityOf = ({ metric: name, ordinal }: MeasurementIdentity): MeasurementIdentity => ({ metric: name, ordinal });
const isSame = (a: MeasurementIdentity, b: MeasurementIdentity): boolean =>
  a.metric === b.metric && a.ordinal === b.ordinal;

export const begin = (metrics: Metric[], spec: Partial<AnalysisRunSpec> = {}): Driver => {
  const driver = new Driver(analysisRun(metrics, spec));
  driver.decide();
  return driver;
};
