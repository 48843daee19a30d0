import fc from 'fast-check';
import type { AnalysisPhase, AnalysisRun, Metric, MetricResult } from '@sluice/model';
import type { FinishedMeasurement, MeasurementIdentity, MeasurementOutcome, MeasurementTask } from '../../src/index.ts';
import { isCompleted, verdictOf } from '../../src/index.ts';
import { analysisRun, Driver, metric } from './driver.ts';
import type { DecideAnalysisRun } from './driver.ts';

// Random histories of one run: answers in any order, twice, late, lost; crashes at any point; writes that wait or are refused.

type Phase = FinishedMeasurement['phase'];

/** What the world would answer to the how-manieth measurement of a metric; after the last one it starts again. */
interface Script {
  readonly phases: readonly Phase[];
  /** The provider answers with a handle first. */
  readonly isSlow: boolean;
}

export interface History {
  readonly run: AnalysisRun;
  readonly scripts: Readonly<Record<string, Script>>;
  readonly happenings: readonly Happening[];
}

type Happening =
  | { readonly kind: 'answer' | 'duplicate' | 'late' | 'lose'; readonly which: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'crash' | 'conflict' | 'terminate' };

const phase = fc.constantFrom<Phase>('Successful', 'Successful', 'Successful', 'Failed', 'Inconclusive', 'Error');

const limits: fc.Arbitrary<Partial<Metric>> = fc
  .record({
    count: fc.integer({ min: 1, max: 6 }),
    failureLimit: fc.integer({ min: -1, max: 2 }),
    inconclusiveLimit: fc.integer({ min: 0, max: 1 }),
    consecutiveErrorLimit: fc.integer({ min: 0, max: 2 }),
    consecutiveSuccessLimit: fc.integer({ min: 0, max: 3 }),
    initialDelay: fc.constantFrom(undefined, undefined, '3s'),
  })
  .map(({ initialDelay, failureLimit, consecutiveSuccessLimit, count, inconclusiveLimit, ...rest }) => {
    // Only limits that spec-analysis §3 allows together.
    const success = failureLimit === -1 ? Math.max(1, consecutiveSuccessLimit) : consecutiveSuccessLimit;
    const wanted = Math.max(count, Math.max(0, failureLimit) + success, inconclusiveLimit);
    return {
      ...rest,
      ...(initialDelay && { initialDelay }),
      failureLimit,
      inconclusiveLimit,
      consecutiveSuccessLimit: success,
      count: wanted,
      interval: '1s',
    };
  });

const script: fc.Arbitrary<Script> = fc.record({
  phases: fc.array(phase, { minLength: 1, maxLength: 12 }),
  isSlow: fc.boolean(),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(10, 400, 1000, 11_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('duplicate' as const, 'late' as const, 'lose' as const),
      which: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'conflict' as const) }) },
);

const names = ['a', 'b', 'c'];

export const history: fc.Arbitrary<History> = fc
  .record({
    metrics: fc.array(limits, { minLength: 1, maxLength: 3 }),
    scripts: fc.tuple(script, script, script),
    dryRun: fc.boolean(),
    happenings: fc.array(happening, { maxLength: 60 }),
    terminateAt: fc.option(fc.nat(60), { nil: undefined, freq: 4 }),
  })
  .map(({ metrics, scripts, dryRun, happenings, terminateAt }) => ({
    run: analysisRun(
      metrics.map((fields, index) => metric(names[index] ?? '', fields)),
      dryRun && metrics.length > 1 ? { dryRun: [{ metricName: 'b' }] } : {},
    ),
    scripts: Object.fromEntries(names.map((name, index) => [name, scripts[index]!])),
    happenings:
      terminateAt === undefined
        ? happenings
        : happenings.toSpliced(terminateAt, 0, { kind: 'terminate' } satisfies Happening),
  }));

export type Property =
  | 'counted once'
  | 'verdict'
  | 'evidence'
  | 'ends'
  | 'final'
  | 'prompt'
  | 'idempotent'
  | 'no hammering'
  | 'one at a time';

export class Broken extends Error {
  readonly property: Property;
  constructor(property: Property, detail: unknown) {
    super(`${property}: ${JSON.stringify(detail)}`);
    this.property = property;
  }
}

const answerOf = ({ phases }: Script, ordinal: number): Phase => phases[(ordinal - 1) % phases.length] ?? 'Error';

/** One history while it is played. */
export class Play {
  readonly driver: Driver;
  readonly scripts: History['scripts'];
  readonly delivered: MeasurementOutcome[] = [];
  terminated = false;

  constructor({ run, scripts }: History, decide?: DecideAnalysisRun) {
    this.driver = new Driver(run, decide);
    this.scripts = scripts;
    this.decide();
  }

  get ended(): boolean {
    return isCompleted(this.driver.run.status?.phase);
  }

  decide(outcomes: readonly MeasurementOutcome[] = [], flush = false): void {
    const { driver } = this;
    const before = driver.run.status;
    driver.decide(outcomes, flush);
    this.delivered.push(...outcomes);
    if (isCompleted(before?.phase) && driver.run.status !== before) throw new Broken('final', driver.run.status);
    const found = driver.decision!;
    if (isCompleted(found.status?.phase) && !isCompleted(before?.phase) && found.statusUrgency !== 'now')
      throw new Broken('prompt', found);
    this.checkTasks(found.tasks);
  }

  private checkTasks(tasks: readonly MeasurementTask[]): void {
    const { driver } = this;
    for (const task of tasks) {
      if (task.kind === 'cancel') continue;
      if (isCompleted(driver.result(task.metric)?.phase)) throw new Broken('one at a time', task);
      if (tasks.some((other) => other !== task && other.kind !== 'cancel' && other.metric === task.metric))
        throw new Broken('one at a time', tasks);
      const last = driver.result(task.metric)?.measurements?.at(-1);
      const pause = last?.phase === 'Error' ? 10_000 : 1000;
      // A status has whole seconds: after a crash a measurement may be that much early.
      if (last?.finishedAt && driver.now < Date.parse(last.finishedAt) + pause) throw new Broken('no hammering', task);
    }
  }

  /** What the provider says now: a slow one has gone on since it was started. */
  answer(identity: MeasurementIdentity): MeasurementOutcome {
    const { driver } = this;
    const known = this.scripts[identity.metric]!;
    const isPolled = driver.result(identity.metric)?.measurements?.at(-1)?.phase === 'Running';
    const times = { startedAt: driver.now, finishedAt: driver.now };
    if (known.isSlow && !isPolled)
      return { kind: 'pending', ...identity, startedAt: driver.now, metadata: { id: String(identity.ordinal) } };
    return {
      kind: 'finished',
      ...identity,
      ...times,
      phase: answerOf(known, identity.ordinal),
      value: String(identity.ordinal),
    };
  }

  happen(happening: Happening): void {
    const { driver } = this;
    switch (happening.kind) {
      case 'wait':
        driver.now += happening.ms;
        return this.decide();
      case 'crash':
        driver.restart();
        return this.decide();
      case 'terminate':
        this.terminated = true;
        driver.run = { ...driver.run, spec: { ...driver.run.spec, terminate: true } };
        return this.decide();
      case 'conflict': {
        // The write is refused: what was decided is thrown away, and decided again.
        const identity = driver.inFlight[0];
        if (!identity) return;
        const { run, held } = driver;
        const outcome = this.answer(identity);
        driver.decide([outcome]);
        driver.run = run;
        driver.held = held;
        driver.land(identity);
        return this.decide([outcome]);
      }
      case 'duplicate':
      case 'late': {
        const old = this.delivered.at(-1 - happening.which);
        return old ? this.decide([old]) : undefined;
      }
      case 'answer':
      case 'lose': {
        const identity = driver.inFlight[happening.which % Math.max(1, driver.inFlight.length)];
        if (!identity) return;
        driver.land(identity);
        return this.decide(happening.kind === 'lose' ? [] : [this.answer(identity)]);
      }
    }
  }

  /** Nothing goes wrong any more: everything is answered in time. */
  calm(): void {
    for (let turns = 0; turns < 400 && !this.ended; turns += 1) {
      const [identity] = this.driver.inFlight;
      if (identity) {
        this.driver.land(identity);
        this.decide([this.answer(identity)]);
      } else if (this.driver.wakeAt !== undefined) {
        this.driver.now = Math.max(this.driver.now, this.driver.wakeAt);
        this.decide();
      } else break;
    }
    if (!this.ended) throw new Broken('ends', this.driver.status);
  }

  /** The status is as if only the answers had been there, each once. */
  check(verdict: typeof verdictOf): void {
    const { driver } = this;
    const settled = driver.decideRun({ now: driver.now, run: driver.run });
    if (settled.statusUrgency !== 'unchanged') throw new Broken('idempotent', settled.status);
    const results = driver.run.status?.metricResults ?? [];
    for (const result of results) this.checkCounts(result);
    checkVerdict(driver.run, this.terminated);
    this.checkEvidence(verdict);
  }

  /** The answers that a result says to have had: the first ones of its script. */
  private answersOf(result: MetricResult): Phase[] {
    const wasGivenUp = result.measurements?.at(-1)?.message === 'Metric Terminated';
    const total = (result.count ?? 0) + (result.error ?? 0) - (wasGivenUp ? 1 : 0);
    return Array.from({ length: total }, (_, index) => answerOf(this.scripts[result.name]!, index + 1));
  }

  private checkCounts(result: MetricResult): void {
    const answers = this.answersOf(result);
    const wasGivenUp = result.measurements?.at(-1)?.message === 'Metric Terminated' ? 1 : 0;
    const times = (wanted: Phase): number => answers.filter((one) => one === wanted).length;
    const want = [times('Successful'), times('Failed'), times('Inconclusive') + wasGivenUp, times('Error')];
    const got = [result.successful ?? 0, result.failed ?? 0, result.inconclusive ?? 0, result.error ?? 0];
    if (JSON.stringify(want) !== JSON.stringify(got)) throw new Broken('counted once', { result, answers });
    const values = (result.measurements ?? []).flatMap(({ value }) => (value === undefined ? [] : [Number(value)]));
    const isInOrder = values.every((value, index) => index === 0 || value === (values[index - 1] ?? 0) + 1);
    if (!isInOrder) throw new Broken('counted once', values);
  }

  /** Success asks for what each deciding metric wants, out of answers that were really given. */
  private checkEvidence(verdict: typeof verdictOf): void {
    const { run } = this.driver;
    if (verdict(run) !== 'Successful') return;
    for (const { name, failureLimit, count, consecutiveSuccessLimit } of run.spec.metrics) {
      if (run.spec.dryRun?.length && name === 'b') continue;
      const result = run.status?.metricResults?.find((one) => one.name === name);
      const answers = result ? this.answersOf(result).filter((one) => one !== 'Error') : [];
      const failures = answers.filter((one) => one === 'Failed').length;
      const inARow = answers.toReversed().findIndex((one) => one !== 'Successful');
      const streak = inARow < 0 ? answers.length : inARow;
      const hasRow = Number(consecutiveSuccessLimit) > 0 && streak >= Number(consecutiveSuccessLimit);
      const isTolerable = Number(failureLimit) < 0 || failures <= Number(failureLimit);
      if (!isTolerable || !(hasRow || answers.length >= Number(count))) throw new Broken('evidence', { name, answers });
    }
  }
}

const worst: readonly AnalysisPhase[] = ['Successful', 'Inconclusive', 'Error', 'Failed'];

/** The phase of a metric out of its answers, told by itself: walks through them and stops where the metric does. */
function phaseOf(spec: Metric, result: MetricResult): AnalysisPhase {
  const { failed = 0, inconclusive = 0, consecutiveError = 0, consecutiveSuccess = 0, count = 0 } = result;
  if (consecutiveError > Number(spec.consecutiveErrorLimit)) return 'Error';
  if (inconclusive > Number(spec.inconclusiveLimit)) return 'Inconclusive';
  if (Number(spec.failureLimit) >= 0 && failed > Number(spec.failureLimit)) return 'Failed';
  const wanted = Number(spec.consecutiveSuccessLimit);
  if (wanted > 0 && consecutiveSuccess >= wanted) return 'Successful';
  if (count >= Number(spec.count) && wanted > 0) return Number(spec.failureLimit) >= 0 ? 'Inconclusive' : 'Failed';
  return hasEvidence(result) ? 'Successful' : 'Inconclusive';
}

/** At least one answer that is no error. */
const hasEvidence = ({ count = 0, measurements = [] }: MetricResult): boolean =>
  count > (measurements.at(-1)?.message === 'Metric Terminated' ? 1 : 0);

function checkVerdict({ spec, status }: AnalysisRun, wasTerminated: boolean): void {
  const phases = spec.metrics
    .filter(({ name }) => !(spec.dryRun?.length && name === 'b'))
    .flatMap((one): AnalysisPhase[] => {
      const result = status?.metricResults?.find(({ name }) => name === one.name);
      return result ? [phaseOf(one, result)] : [];
    });
  const deciding = spec.metrics.filter(({ name }) => !(spec.dryRun?.length && name === 'b'));
  const isMeasured = (deciding.length > 0 ? deciding : spec.metrics).some(({ name }) =>
    status?.metricResults?.some((result) => result.name === name && hasEvidence(result)),
  );
  const told = worst[Math.max(0, ...phases.map((one) => worst.indexOf(one)))];
  const want = wasTerminated && !isMeasured && told === 'Successful' ? 'Inconclusive' : told;
  if (status?.phase !== want) throw new Broken('verdict', { want, status });
  const isShort = spec.metrics.some(({ name }) => !status?.metricResults?.some((result) => result.name === name));
  if (isShort && want === 'Successful' && !wasTerminated) throw new Broken('evidence', status);
}

export function playHistory(history: History, decide?: DecideAnalysisRun, verdict = verdictOf): void {
  const play = new Play(history, decide);
  for (const happening of history.happenings) play.happen(happening);
  play.calm();
  play.check(verdict);
}
