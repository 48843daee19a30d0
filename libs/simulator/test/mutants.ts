// Engines that are wrong on purpose: each breaks one property, so that the property shows that it can find it.
import type { Action, Decision, ExperimentAction, ObservedRun } from '@sluice/engine';
import { decideExperiment, decideRollout } from '@sluice/engine';
import { podTemplateHash, podTemplateHashLabel, serviceNamesOf } from '@sluice/model';
import type { AnalysisPhase } from '@sluice/model';
import type { DecideExperiment, DecideRollout } from '../src/index.ts';

const withActions =
  (change: (actions: readonly Action[], decision: Decision) => readonly Action[]): DecideRollout =>
  (snapshot) => {
    const decision = decideRollout(snapshot);
    return { ...decision, actions: change(decision.actions, decision) };
  };

const shrinks = (action: Action): boolean => action.kind === 'UpdateReplicaSet' && action.change.replicas === 0;

/** Points each Service at the new version as soon as there is one. */
export const switchesEarly: DecideRollout = (snapshot) => {
  const decision = decideRollout(snapshot);
  const hash = decision.status.currentPodHash;
  if (!hash || decision.status.abort) return decision;
  const early = serviceNamesOf(snapshot.rollout).flatMap((name): Action[] => {
    const service = snapshot.services[name];
    if (service === undefined || typeof service === 'string' || service.spec?.selector?.[podTemplateHashLabel] === hash)
      return [];
    const { uid = '', resourceVersion = '' } = service.metadata;
    return [
      {
        kind: 'SwitchService',
        target: { name, uid, resourceVersion },
        hash,
        managedBy: snapshot.rollout.metadata.name,
        events: [],
      },
    ];
  });
  return { ...decision, actions: [...decision.actions.filter((action) => action.kind !== 'SwitchService'), ...early] };
};

/** Takes the old pods away before the Services have moved. */
export const drainsFirst = withActions((actions) => [
  ...actions.filter(shrinks),
  ...actions.filter((action) => !shrinks(action)),
]);

/** Takes one pod more than it should. */
export const drainsTooFast = withActions((actions) =>
  actions.map((action) =>
    action.kind === 'UpdateReplicaSet' && action.change.replicas
      ? { ...action, change: { ...action.change, replicas: action.change.replicas - 1 } }
      : action,
  ),
);

/** Asks for twice the pods of the new version. */
export const growsTooMuch = withActions((actions) =>
  actions.map((action) =>
    action.kind === 'CreateReplicaSet'
      ? {
          ...action,
          replicaSet: {
            ...action.replicaSet,
            spec: { ...action.replicaSet.spec, replicas: 2 * (action.replicaSet.spec.replicas ?? 0) },
          },
        }
      : action,
  ),
);

/** Does not see that the user has aborted. */
export const forgetsAbort: DecideRollout = (snapshot) =>
  decideRollout({
    ...snapshot,
    rollout: { ...snapshot.rollout, status: { ...snapshot.rollout.status, abort: false } },
  });

/** Never takes Services back from what was aborted. */
export const leavesServices = withActions((actions, { status }) =>
  status.abort ? actions.filter((action) => action.kind !== 'SwitchService') : actions,
);

/** Keeps the sets of interrupted updates. */
export const leavesOldSets = withActions((actions) => actions.filter((action) => !shrinks(action)));

/** Writes over whatever has changed since. */
export const writesBlindly = withActions((actions) =>
  actions.map((action) =>
    'target' in action ? ({ ...action, target: { ...action.target, resourceVersion: '' } } as Action) : action,
  ),
);

/** Cannot let go of a settled Rollout: a counter in an annotation. */
export const neverRests: DecideRollout = (snapshot) => {
  const decision = decideRollout(snapshot);
  const turn = Number(snapshot.rollout.metadata.annotations?.['example.com/turn'] ?? 0) + 1;
  return {
    ...decision,
    actions: [
      ...decision.actions,
      { kind: 'PatchRollout', annotations: { 'example.com/turn': String(turn) }, events: [] },
    ],
  };
};

/** Says each time that there is something to write, although it is written. */
export const repeatsItself = withActions((actions, { status }) =>
  status.phase === 'Healthy'
    ? [...actions, { kind: 'PatchRollout', annotations: { 'example.com/phase': 'Healthy' }, events: [] }]
    : actions,
);

/** Knows a version only by the hash that it computes itself. */
export const trustsOnlyItsHash: DecideRollout = (snapshot) => {
  const template = snapshot.workload.kind === 'found' ? snapshot.workload.template : snapshot.rollout.spec.template;
  const hash = template ? podTemplateHash(template, snapshot.rollout.status?.collisionCount) : '';
  const stable = snapshot.rollout.status?.stableRS;
  const known = snapshot.replicaSets.filter((set) =>
    [hash, stable === snapshot.rollout.status?.currentPodHash ? undefined : stable].includes(
      set.metadata.labels?.[podTemplateHashLabel],
    ),
  );
  return decideRollout({ ...snapshot, replicaSets: known });
};

/** Believes that every time can be read. */
export const assumesSense: DecideRollout = (snapshot) => {
  for (const { lastUpdateTime } of snapshot.rollout.status?.conditions ?? []) new Date(lastUpdateTime).toISOString();
  return decideRollout(snapshot);
};

/** Remembers something between two decisions. */
export function remembers(): DecideRollout {
  let decisions = 0;
  return (snapshot) => {
    const decision = decideRollout(snapshot);
    return {
      ...decision,
      explanation: { ...decision.explanation, detail: `${decision.explanation.detail} (${(decisions += 1)})` },
    };
  };
}

const withRuns =
  (change: (run: ObservedRun) => ObservedRun): DecideRollout =>
  (snapshot) =>
    decideRollout({ ...snapshot, analysisRuns: (snapshot.analysisRuns ?? []).map(change) });

/** Takes errors of the infrastructure for a good sign. */
export const trustsErrors = withRuns((run) =>
  run.status?.phase === 'Error' ? { ...run, status: { ...run.status, phase: 'Successful' } } : run,
);

/** Takes a run that somebody has stopped for one that succeeded. */
export const trustsStoppedRuns = withRuns(({ spec: { terminate: _, ...spec }, ...run }) => ({ ...run, spec }));

/** Goes on when nobody could say yes or no. */
export const assumesTheBest = withRuns((run) =>
  run.status?.phase === 'Inconclusive' ? { ...run, status: { ...run.status, phase: 'Successful' } } : run,
);

const withPhases =
  (...phases: readonly AnalysisPhase[]): DecideRollout =>
  (snapshot) =>
    decideRollout({
      ...snapshot,
      experiments: (snapshot.experiments ?? []).map((experiment) =>
        experiment.status?.phase && phases.includes(experiment.status.phase)
          ? { ...experiment, status: { ...experiment.status, phase: 'Successful' } }
          : experiment,
      ),
    });

/** Goes on as soon as the experiment runs. */
export const trustsRunningExperiments = withPhases('Running');

/** Goes on after any end of an experiment. */
export const trustsBadExperiments = withPhases('Failed', 'Error', 'Inconclusive');

/** Never ends an experiment. */
export const leavesExperiments = withActions((actions) => actions.filter(({ kind }) => kind !== 'TerminateExperiment'));

const withoutThose =
  (isLost: (action: ExperimentAction) => boolean): DecideExperiment =>
  (snapshot) => {
    const decision = decideExperiment(snapshot);
    return { ...decision, actions: decision.actions.filter((action) => !isLost(action)) };
  };

/** Never takes pods away. */
export const leavesExperimentPods = withoutThose(
  (action) => action.kind === 'UpdateReplicaSet' && action.change.replicas === 0,
);

/** Never takes Services away. */
export const leavesExperimentServices = withoutThose(({ kind }) => kind === 'DeleteService');

/** Waits for something to change, although only time goes by. */
export const forgetsTheDelay: DecideExperiment = (snapshot) => {
  const { wakeAt: _, ...decision } = decideExperiment(snapshot);
  return decision;
};

/** The pods look like those of the version that they are made from, also to its Services. */
export const takesTheHashAlong: DecideExperiment = (snapshot) => {
  const decision = decideExperiment(snapshot);
  const hashOf = (template: string): string | undefined =>
    snapshot.experiment.spec.templates?.find(({ name }) => name === template)?.template?.metadata?.labels?.[
      podTemplateHashLabel
    ];
  return {
    ...decision,
    actions: decision.actions.map((action) => {
      const hash = action.kind === 'CreateReplicaSet' ? hashOf(action.template) : undefined;
      if (action.kind !== 'CreateReplicaSet' || hash === undefined) return action;
      const { spec } = action.replicaSet;
      const labels = { ...spec.template?.metadata?.labels, [podTemplateHashLabel]: hash };
      const template = { ...spec.template, metadata: { ...spec.template?.metadata, labels } };
      const selector = { matchLabels: { ...spec.selector?.matchLabels, [podTemplateHashLabel]: hash } };
      return { ...action, replicaSet: { ...action.replicaSet, spec: { ...spec, selector, template } } };
    }),
  };
};

const withWeight =
  (weigh: (weight: number, maxWeight: number) => number): DecideRollout =>
  (snapshot) => {
    const decision = decideRollout(snapshot);
    const isMoving = decision.status.currentPodHash !== decision.status.stableRS && !decision.status.abort;
    if (!isMoving) return decision;
    const actions = decision.actions.map((action) => {
      if (action.kind !== 'ApplyTraffic') return action;
      const { weight, maxWeight } = action.intent;
      return { ...action, intent: { ...action.intent, weight: weigh(weight, maxWeight) } };
    });
    return { ...decision, actions };
  };

/** Sends a little more than pods can carry. */
export const routesTooMuch = withWeight((weight, maxWeight) => (weight === 0 ? 0 : Math.min(maxWeight, weight * 2)));

/** Takes what it has declared for what traffic obeys. */
export const trustsDeclarations: DecideRollout = (snapshot) =>
  decideRollout({
    ...snapshot,
    routers: Object.fromEntries(
      Object.entries(snapshot.routers ?? {}).map(([name, seen]) => [
        name,
        seen.kind === 'observed'
          ? {
              ...seen,
              inSync: true,
              canaryWeight: seen.intent.weight,
              verification: 'verified' as const,
              span: undefined,
            }
          : seen,
      ]),
    ),
  });

/** Restarts all pods at once, whoever is sent to them. */
export const restartsBlindly: DecideRollout = (snapshot) => {
  const decision = decideRollout(snapshot);
  const evictions = (snapshot.pods ?? []).map(({ metadata: { name, uid = '', resourceVersion = '' } }) => ({
    kind: 'EvictPod' as const,
    target: { name, uid, resourceVersion },
    events: [],
  }));
  return { ...decision, actions: [...decision.actions, ...evictions] };
};
