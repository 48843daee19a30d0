import type {
  AnalysisPhase,
  AnalysisRun,
  AnalysisTemplate,
  Experiment,
  ExperimentSpec,
  ReplicaSet,
  Service,
} from '@sluice/model';
import { formatTime } from '@sluice/model';
import type {
  ExperimentAction,
  ExperimentAnswers,
  ExperimentDecision,
  ExperimentSnapshot,
} from '../experiment/index.ts';
import { needsRoutes } from '../experiment/index.ts';

// A cluster with one Experiment in it: as much of an API server, of ReplicaSets and of an analysis-runner as its decisions can tell apart from real ones.

export type Decide = (snapshot: ExperimentSnapshot) => ExperimentDecision;

/** What happens between two decisions. `writes`: the manager is killed after so many of them. */
export type Happening =
  | { readonly kind: 'decide'; readonly writes: number }
  | { readonly kind: 'pods'; readonly ready: boolean }
  | { readonly kind: 'measure'; readonly phase: AnalysisPhase }
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'terminate' | 'retry' | 'restart' | 'runner away' | 'runner back' | 'route' | 'unroute' };

export const checkTemplate: AnalysisTemplate = {
  metadata: { name: 'check', namespace: 'team' },
  spec: { metrics: [{ name: 'web', provider: { web: { url: 'http://127.0.0.1:1/' } } }] },
};

export const variant = (name: string, extra: object = {}) => ({
  name,
  selector: { matchLabels: { app: name } },
  template: {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'shop:1', ports: [{ containerPort: 8080 }] }] },
  },
  ...extra,
});

export function experimentOf(spec: Partial<ExperimentSpec> = {}, ofRollout = false): Experiment {
  const owner = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    name: 'shop',
    uid: 'uid-shop',
    controller: true,
  };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: {
      name: 'compare',
      namespace: 'team',
      uid: 'uid-compare',
      resourceVersion: '1',
      ...(ofRollout && { ownerReferences: [owner] }),
    },
    spec: { templates: [variant('a'), variant('b')], ...spec },
  };
}

export class ExperimentWorld {
  now = Date.UTC(2026, 0, 1, 12);
  experiment: Experiment;
  sets: ReplicaSet[] = [];
  services: Service[] = [];
  runs: AnalysisRun[] = [];
  /** Hashes that the Rollout routes to. */
  routed: string[] = [];
  runnerIsAway = false;
  answers: ExperimentAnswers = {};
  template = checkTemplate;
  /** What must never be seen, as it was seen. */
  readonly breaches: string[] = [];
  #version = 1;
  readonly #decide: Decide;

  constructor(experiment: Experiment, decide: Decide) {
    this.experiment = experiment;
    this.#decide = decide;
  }

  snapshot(): ExperimentSnapshot {
    const { now, experiment, sets, services, runs, answers } = this;
    const known = needsRoutes({ experiment, replicaSets: sets, services }) ? { routedHashes: [...this.routed] } : {};
    return {
      now,
      experiment,
      replicaSets: [...sets],
      services: [...services],
      analysisRuns: [...runs],
      absentRuns: [],
      analysisTemplates: { check: this.template, nowhere: 'absent' },
      clusterAnalysisTemplates: {},
      ...known,
      answers,
    };
  }

  happen(happening: Happening): void {
    const { phase } = this.experiment.status ?? {};
    switch (happening.kind) {
      case 'decide':
        this.decide(happening.writes);
        break;
      case 'pods':
        this.#movePods(happening.ready);
        break;
      case 'measure':
        this.#measure(happening.phase);
        break;
      case 'time':
        this.now += happening.seconds * 1000;
        break;
      case 'terminate':
        this.experiment = { ...this.experiment, spec: { ...this.experiment.spec, terminate: true } };
        break;
      case 'retry':
        this.experiment = { ...this.experiment, status: {} };
        break;
      case 'restart':
        this.answers = {};
        break;
      case 'runner away':
        this.runnerIsAway = true;
        break;
      case 'runner back':
        this.runnerIsAway = false;
        break;
      case 'route':
        // A Rollout gives weight only to an experiment that runs, and only to ready pods.
        if (phase === 'Running' && this.experiment.metadata.ownerReferences)
          this.routed = (this.experiment.status?.templateStatuses ?? []).flatMap(({ podTemplateHash, status }) =>
            status === 'Running' && podTemplateHash ? [podTemplateHash] : [],
          );
        break;
      case 'unroute':
        this.routed = [];
        break;
      default:
        throw new TypeError(`unknown happening ${JSON.stringify(happening satisfies never)}`);
    }
  }

  /** One turn of the manager, which dies after that many writes and forgets all then. */
  decide(writes = Number.POSITIVE_INFINITY): ExperimentDecision {
    const decision = this.#decide(this.snapshot());
    let left = writes;
    let learnt = false;
    for (const action of decision.actions) {
      if (left-- <= 0) return this.#die(decision);
      learnt = this.#perform(action) || learnt;
    }
    if (learnt) return decision;
    if (decision.statusUrgency !== 'unchanged') {
      if (left-- <= 0) return this.#die(decision);
      this.experiment = { ...this.experiment, status: decision.status };
    }
    this.#watch();
    return decision;
  }

  #die(decision: ExperimentDecision): ExperimentDecision {
    this.answers = {};
    return decision;
  }

  #perform(action: ExperimentAction): boolean {
    const uid = (name: string): string => `uid-${name}-${this.#version++}`;
    switch (action.kind) {
      case 'CreateReplicaSet': {
        const { metadata } = action.replicaSet;
        if (this.sets.some((set) => set.metadata.name === metadata.name)) return this.#breach(`${metadata.name} twice`);
        const status = { replicas: 0, readyReplicas: 0, availableReplicas: 0 };
        this.sets.push({ ...action.replicaSet, metadata: { ...metadata, uid: uid(metadata.name) }, status });
        return false;
      }
      case 'UpdateReplicaSet':
        this.sets = this.sets.map((set) => (set.metadata.uid === action.target.uid ? changed(set, action) : set));
        return false;
      case 'CreateService': {
        const { metadata } = action.service;
        if (this.services.some((one) => one.metadata.name === metadata.name))
          return this.#breach(`${metadata.name} twice`);
        this.services.push({ ...action.service, metadata: { ...metadata, uid: uid(metadata.name) } });
        return false;
      }
      case 'DeleteService':
        this.services = this.services.filter(({ metadata }) => metadata.uid !== action.target.uid);
        return false;
      case 'TerminateAnalysisRun':
        if (this.runnerIsAway) return false;
        this.runs = this.runs.map((run) =>
          run.metadata.uid === action.run.uid ? { ...run, spec: { ...run.spec, terminate: true } } : run,
        );
        return false;
      case 'EnsureAnalysisRun':
        return this.#ensureRun(action.key, action.run);
      default:
        throw new TypeError(`unknown action ${JSON.stringify(action satisfies never)}`);
    }
  }

  #ensureRun(key: string, run: AnalysisRun): boolean {
    if (this.runnerIsAway) return false;
    const { name } = run.metadata;
    if (!this.runs.some(({ metadata }) => metadata.name === name)) {
      const made = { uid: `uid-${name}-${this.#version++}`, creationTimestamp: formatTime(this.now) };
      this.runs.push({ ...run, metadata: { ...run.metadata, ...made } });
    }
    this.answers = { startedRuns: { ...this.answers.startedRuns, [key]: name } };
    return true;
  }

  #movePods(ready: boolean): void {
    this.sets = this.sets.map((set) => {
      const replicas = set.spec.replicas ?? 1;
      const up = ready ? replicas : Math.min(replicas, set.status?.availableReplicas ?? 0);
      return { ...set, status: { replicas, readyReplicas: up, availableReplicas: up } };
    });
    this.#watch();
  }

  #measure(phase: AnalysisPhase): void {
    if (this.runnerIsAway) return;
    const ended = ['Successful', 'Failed', 'Error', 'Inconclusive'];
    this.runs = this.runs.map((run) => {
      if (ended.includes(run.status?.phase ?? '')) return run;
      // A run that is stopped says Successful where it has measured at all.
      const { metricResults } = run.status ?? {};
      const stopped: AnalysisPhase = metricResults ? 'Successful' : 'Inconclusive';
      if (run.spec.terminate) return { ...run, status: { ...run.status, phase: stopped, message: 'Run Terminated' } };
      const result = { name: 'web', phase, count: 1, successful: 1 };
      return { ...run, status: { phase, ...(phase !== 'Pending' && { metricResults: [result] }) } };
    });
  }

  /** What must hold at every moment. */
  #watch(): void {
    const { status = {}, spec } = this.experiment;
    for (const set of this.sets) {
      const hash = set.metadata.labels?.['rollouts-pod-template-hash'] ?? '';
      if (this.routed.includes(hash) && (set.spec.replicas ?? 0) === 0)
        this.#breach(`${set.metadata.name} has no pods and is routed to`);
      const isBehindService = this.services.some(
        ({ metadata }) =>
          metadata.annotations?.['experiment.argoproj.io/template-name'] ===
          set.metadata.annotations?.['experiment.argoproj.io/template-name'],
      );
      if (this.routed.includes(hash) && !isBehindService)
        this.#breach(`${set.metadata.name} is routed to without a Service`);
    }
    if (status.phase !== 'Successful') return;
    for (const { name, requiredForCompletion } of spec.analyses ?? []) {
      const entry = status.analysisRuns?.find((one) => one.name === name);
      if (requiredForCompletion && entry?.phase !== 'Successful')
        this.#breach(`Successful, and the required analysis ${name} is ${entry?.phase ?? 'not there'}`);
      if (!spec.terminate && !(spec.analyses ?? []).some((one) => one.requiredForCompletion) && !entry)
        this.#breach(`Successful, and analysis ${name} was never begun`);
    }
  }

  #breach(what: string): false {
    this.breaches.push(what);
    return false;
  }

  /** Everybody works, nothing fails, nobody asks for anything: until nothing changes any more. Answers with the last decision. */
  calmDown(): ExperimentDecision {
    this.runnerIsAway = false;
    for (let turn = 0, quiet = 0; ; turn++) {
      const decision = this.decide();
      this.#movePods(true);
      // Only what is told to end ends.
      this.#measure('Running');
      // The Rollout takes its routes back some time after the end.
      if (turn === 8) this.routed = [];
      const isQuiet = decision.actions.length === 0 && decision.statusUrgency === 'unchanged';
      quiet = isQuiet && decision.wakeAt === undefined ? quiet + 1 : 0;
      if ((quiet > 1 && turn > 8) || turn > 60) return this.#decide(this.snapshot());
      this.now = Math.max(this.now + 100, isQuiet ? (decision.wakeAt ?? 0) : 0);
    }
  }
}

function changed(set: ReplicaSet, { change }: Extract<ExperimentAction, { kind: 'UpdateReplicaSet' }>): ReplicaSet {
  const annotations: Record<string, string> = { ...set.metadata.annotations };
  for (const [key, value] of Object.entries(change.annotations ?? {})) {
    if (value === null) delete annotations[key];
    else annotations[key] = value;
  }
  const { replicas = set.spec.replicas ?? 1 } = change;
  return { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } };
}
