import type {
  AnalysisPhase,
  AnalysisRun,
  AnalysisTemplate,
  Experiment,
  RolloutSpec,
  RolloutStatus,
} from '@sluice/model';
import { decideRollout } from '../decide-rollout.ts';
import type { Action, Decision } from '../decision.ts';
import type { StepPluginAnswer, StepPluginCall } from '../plugin-step/intent.ts';
import type { RolloutSnapshot } from '../snapshot.ts';
import { at, ms, snapshot } from './build.ts';
import { RoutedWorld } from './routed-world.ts';

export const check: AnalysisTemplate = {
  metadata: { name: 'check', namespace: 'team' },
  spec: {
    metrics: [
      { name: 'web', count: 1, successCondition: 'result == 1', provider: { web: { url: 'http://metrics/' } } },
    ],
  },
};

/** A world without routers in which analyses and experiments are begun at once and judged by the test. */
export class JudgedWorld extends RoutedWorld {
  readonly runs = new Map<string, AnalysisRun>();
  readonly experiments = new Map<string, Experiment>();
  readonly events: string[] = [];
  /** Calls of step plugins, oldest first. */
  readonly calls: StepPluginCall[] = [];
  /** What step plugins answer; a text says why none comes. */
  plugin: (call: StepPluginCall) => Partial<StepPluginAnswer> | string = () => ({ phase: 'Successful' });
  private readonly answers = new Map<string, StepPluginAnswer>();
  private readonly away = new Map<string, string>();
  /** Step plugins that are switched off. */
  disabled: readonly string[] = [];
  /** What the snapshot has besides, or instead. */
  rest: Partial<RolloutSnapshot> = {};
  /** The strategy as it is now. */
  whole: RolloutSpec['strategy'];

  constructor(strategy: NonNullable<RolloutSpec['strategy']>, replicas: number, services: readonly string[] = []) {
    super({}, replicas, [...services]);
    this.whole = strategy;
  }

  override decide(): Decision {
    const decision = decideRollout(
      snapshot({
        image: this.image,
        strategy: this.whole,
        spec: this.spec,
        status: this.status,
        sets: [...this.sets.values()],
        services: [...this.services.values()],
        now: this.now,
        revision: this.revision,
        rest: {
          analysisRuns: [...this.runs.values()],
          experiments: [...this.experiments.values()],
          analysisTemplates: { check },
          stepPlugins: {
            answers: Object.fromEntries(this.answers),
            away: Object.fromEntries(this.away),
            disabled: this.disabled,
          },
          capabilities: { routers: [], analysis: true, experiments: true, stepPlugins: ['org/smoke', 'org/load'] },
          ...this.rest,
        },
      }),
    );
    this.events.push(...[...decision.actions, decision].flatMap(({ events }) => events.map((event) => event.message)));
    return decision;
  }

  /** Also until every call of a step plugin has been answered and told. */
  override settle(): this {
    for (let round = 0; round < 60; round++) {
      const before = this.calls.length;
      super.settle();
      if (this.calls.length === before) return this;
    }
    throw new Error(`step plugins are called without end: ${this.called.slice(-5).join()}`);
  }

  protected override act(action: Action): void {
    switch (action.kind) {
      case 'CallStepPlugin': {
        const { call } = action;
        this.calls.push(call);
        const answer = this.plugin(call);
        if (typeof answer === 'string') this.away.set(call.name, answer);
        else this.answers.set(call.key, { at: ms(this.now), message: '', ...answer });
        return;
      }
      case 'EnsureAnalysisRun': {
        const { name } = action.run.metadata;
        if (this.runs.has(name)) return;
        this.runs.set(name, {
          ...action.run,
          metadata: { ...action.run.metadata, uid: `uid-${name}`, creationTimestamp: at(this.now) },
        });
        this.log.push(`begin ${name}`);
        return;
      }
      case 'TerminateAnalysisRun': {
        const run = this.runs.get(action.name)!;
        this.runs.set(action.name, { ...run, spec: { ...run.spec, terminate: true } });
        this.log.push(`end ${action.name}`);
        return;
      }
      case 'DeleteAnalysisRun':
        this.runs.delete(action.target.name);
        return;
      case 'EnsureExperiment': {
        const { name } = action.experiment.metadata;
        if (this.experiments.has(name)) return;
        const metadata = { ...action.experiment.metadata, uid: `uid-${name}`, creationTimestamp: at(this.now) };
        this.experiments.set(name, { ...action.experiment, metadata });
        this.log.push(`begin ${name}`);
        return;
      }
      case 'TerminateExperiment': {
        const experiment = this.experiments.get(action.name)!;
        this.experiments.set(action.name, { ...experiment, spec: { ...experiment.spec, terminate: true } });
        this.log.push(`end ${action.name}`);
        return;
      }
      case 'DeleteExperiment':
        this.experiments.delete(action.target.name);
        return;
      default:
        super.act(action);
    }
  }

  /** The run says this from now on. */
  judge(name: string, phase: AnalysisPhase, message = ''): this {
    const run = this.runs.get(name)!;
    this.runs.set(name, { ...run, status: { phase, ...(message && { message }) } });
    return this;
  }

  patchStatus(change: { readonly [Key in keyof RolloutStatus]?: RolloutStatus[Key] | null }): this {
    this.status = { ...this.status, ...change } as RolloutStatus;
    return this;
  }

  /** So many seconds later, when plugins that did not answer may be asked again. */
  later(seconds: number): this {
    this.now += seconds;
    this.away.clear();
    return this.settle();
  }

  /** Calls of step plugins as `Poll 1`: what was called, for which step. */
  get called(): readonly string[] {
    return this.calls.map(({ method, index }) => `${method} ${index}`);
  }
  /** Names of runs that begun, without the version: `2-1` is step 1 of revision 2. */
  get begun(): readonly string[] {
    return this.log.filter((line) => line.startsWith('begin ')).map((line) => line.replace(/^begin shop-[^-]+-/, ''));
  }
  get ended(): readonly string[] {
    return this.log.filter((line) => line.startsWith('end ')).map((line) => line.replace(/^end shop-[^-]+-/, ''));
  }
  /** The full name of a run or experiment of the present version. */
  named(rest: string): string {
    return `shop-${this.status.currentPodHash}-${rest}`;
  }
}
