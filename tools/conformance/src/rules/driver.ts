import { Measurement, MetricProviderService, StepPluginService, TrafficRouterService } from '@sluice/contracts';
import type { CallContext, StepContext } from '@sluice/contracts';
import { contextOf, intentFor } from '../subject.ts';
import type { Subject } from '../subject.ts';
import type { TestRollout } from '../world.ts';

/** Requests that make no sense, each with what is wrong about it. */
type Nonsense = (subject: Subject, target: TestRollout) => readonly (readonly [string, () => Promise<unknown>])[];

/** The same questions about plugins whose calls carry a key and an epoch, put in the words of their type. */
export interface Driver {
  /** A writing call; each number is another request. Resolves with its answer. */
  write(subject: Subject, target: TestRollout, n: number, context?: Partial<CallContext>): Promise<unknown>;
  /** Whether what the plugin shows is the effect of that request; undefined where it shows nothing. */
  shows(subject: Subject, target: TestRollout, n: number): Promise<boolean | undefined>;
  /** Another writing call that takes something back. */
  undo(subject: Subject, target: TestRollout, context: Partial<CallContext>): Promise<unknown>;
  readonly nonsense: Nonsense;
}

const router: Driver = {
  write: (subject, target, n, context) => subject.apply(intentFor(target, n), context),
  shows: async (subject, target, n) => {
    const { inSync, canaryWeight } = await subject.observe(intentFor(target, n));
    return inSync && canaryWeight === n;
  },
  undo: (subject, target, context) => subject.release(target, context),
  nonsense(subject, target) {
    const intent = intentFor(target, 10);
    const { apply, observe, release } = TrafficRouterService;
    return [
      ['Apply without an intent', () => subject.ask(apply, { context: contextOf(), intent: undefined })],
      ['Apply for no rollout', () => subject.apply({ ...intent, rollout: undefined })],
      ['Apply with a configuration that is not JSON', () => subject.apply({ ...intent, configJson: '{' })],
      ['Apply with a list for a configuration', () => subject.apply({ ...intent, configJson: '[]' })],
      ['Apply with a weight over the maximum', () => subject.apply({ ...intent, weight: 101 })],
      ['Apply with a weight below 0', () => subject.apply({ ...intent, weight: -1 })],
      ['Observe without an intent', () => subject.ask(observe, { intent: undefined })],
      ['Observe with a configuration that is not JSON', () => subject.observe({ ...intent, configJson: '{' })],
      [
        'Release of no rollout',
        () => subject.ask(release, { ...target, rollout: undefined, context: contextOf(), managedRoutes: [] }),
      ],
    ];
  },
};

export function stepContextFor({ rollout, configJson }: TestRollout, revision: number, stateJson = ''): StepContext {
  return { rollout, configJson, revision, stepIndex: 0, stateJson };
}

const step: Driver = {
  write: (subject, target, n, context) =>
    subject.ask(StepPluginService.run, { context: contextOf(context), step: stepContextFor(target, n) }),
  shows: async () => undefined,
  undo: (subject, target, context) =>
    subject.ask(StepPluginService.abort, { context: contextOf(context), step: stepContextFor(target, 1) }),
  nonsense(subject, target) {
    const given = stepContextFor(target, 1);
    const { run, poll, abort } = StepPluginService;
    const running = (wrong: StepContext | undefined) => subject.ask(run, { context: contextOf(), step: wrong });
    return [
      ['Run without a step', () => running(undefined)],
      ['Run for no rollout', () => running({ ...given, rollout: undefined })],
      ['Run with a configuration that is not JSON', () => running({ ...given, configJson: '{' })],
      ['Run of a step below 0', () => running({ ...given, stepIndex: -1 })],
      ['Poll without a step', () => subject.ask(poll, { step: undefined })],
      ['Poll with a state that is not JSON', () => subject.ask(poll, { step: { ...given, stateJson: '{' } })],
      ['Abort without a step', () => subject.ask(abort, { context: contextOf(), step: undefined })],
    ];
  },
};

const metricNonsense: Nonsense = (subject, { configJson }) => {
  const run = { namespace: 'conformance', name: 'nobody', uid: 'nobody' };
  const given = Measurement.fromPartial({ id: 'nobody/m/1', run, metricName: 'm', ordinal: 1, configJson });
  const { start, poll, cancel, collect } = MetricProviderService;
  const starting = (wrong: Measurement | undefined) => subject.ask(start, { measurement: wrong });
  const known = { handle: '', metadata: {} };
  return [
    ['Start without a measurement', () => starting(undefined)],
    ['Start without an id', () => starting({ ...given, id: '' })],
    ['Start for no run', () => starting({ ...given, run: undefined })],
    ['Start for no metric', () => starting({ ...given, metricName: '' })],
    ['Start with a configuration that is not JSON', () => starting({ ...given, configJson: '{' })],
    ['Start with a list for a configuration', () => starting({ ...given, configJson: '[]' })],
    ['Poll without a measurement', () => subject.ask(poll, { measurement: undefined, ...known })],
    ['Cancel without a measurement', () => subject.ask(cancel, { measurement: undefined, ...known })],
    ['Collect for no run', () => subject.ask(collect, { run: undefined, metricName: '', configJson: '', keep: 0 })],
    ['Collect of less than nothing', () => subject.ask(collect, { run, metricName: '', configJson: '', keep: -1 })],
  ];
};

/** Of a router or a step: a metric provider has neither keys nor epochs. */
export function driverOf({ type }: Subject): Driver {
  return type === 'router' ? router : step;
}

export function nonsenseFor(subject: Subject, target: TestRollout): ReturnType<Nonsense> {
  return subject.type === 'metric' ? metricNonsense(subject, target) : driverOf(subject).nonsense(subject, target);
}
