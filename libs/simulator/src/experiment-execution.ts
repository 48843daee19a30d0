import type { ExperimentAction } from '@sluice/engine';
import { isCompleted } from '@sluice/engine';
import { experimentTemplateNameAnnotation } from '@sluice/model';
import type { Experiment } from '@sluice/model';
import type { ExperimentMemory } from './experiment-manager.ts';
import { changed, controllerOf, withMetadata } from './objects.ts';
import type { Kind, StoredKinds } from './objects.ts';
import type { Refusal, Written } from './store.ts';
import type { World } from './world.ts';

/** `learnt`: go on, but the next snapshot knows more. `answered`: stop, for the same reason. */
export type ExperimentOutcome = 'done' | 'learnt' | 'answered' | Refusal;

const NAME_TAKEN_MS = 10_000;
const refusal = 'forbidden: exceeded quota';

/** Makes the one write that this action is, as the manager or the analysis-runner that it asks. */
export function executeOfExperiment(
  world: World,
  experiment: Experiment,
  memory: ExperimentMemory,
  action: ExperimentAction,
): ExperimentOutcome {
  const { store } = world;
  switch (action.kind) {
    case 'CreateReplicaSet':
      return createReplicaSet(world, experiment, memory, action);
    case 'UpdateReplicaSet':
      return seen(
        world,
        'ReplicaSet',
        store.replace('ReplicaSet', action.target.name, action.target, (set) => ({
          ...withMetadata(set, { annotations: changed(set.metadata.annotations, action.change.annotations) }),
          spec: { ...set.spec, replicas: action.change.replicas ?? set.spec.replicas },
        })),
      );
    case 'CreateService':
      return createService(world, experiment, memory, action);
    case 'DeleteService': {
      const removed = store.remove('Service', action.target.name, action.target);
      return removed.ok || removed.reason === 'NotFound' ? 'done' : removed.reason;
    }
    case 'EnsureAnalysisRun':
      ensureRun(world, experiment, memory, action);
      return 'learnt';
    case 'TerminateAnalysisRun':
      store.replace('AnalysisRun', action.run.name, { uid: action.run.uid }, (run) =>
        isCompleted(run.status?.phase) ? run : { ...run, spec: { ...run.spec, terminate: true } },
      );
      return 'done';
    default:
      return action satisfies never;
  }
}

function seen<K extends Kind>(world: World, kind: K, written: Written<StoredKinds[K]>): ExperimentOutcome {
  if (!written.ok) return written.reason;
  world.managerCache.wrote(kind, written.object);
  return 'done';
}

function createReplicaSet(
  world: World,
  experiment: Experiment,
  memory: ExperimentMemory,
  { template, replicaSet }: Extract<ExperimentAction, { kind: 'CreateReplicaSet' }>,
): ExperimentOutcome {
  const { store } = world;
  const { name } = replicaSet.metadata;
  const { answers } = memory;
  if (world.createsRefused) {
    memory.answers = { ...answers, replicaSetFailures: { ...answers.replicaSetFailures, [template]: refusal } };
    return 'answered';
  }
  const existing = store.get('ReplicaSet', name);
  if (existing === undefined) return seen(world, 'ReplicaSet', store.create('ReplicaSet', replicaSet));
  if (controllerOf(existing)?.uid === experiment.metadata.uid) {
    world.managerCache.wrote('ReplicaSet', existing);
    return 'AlreadyExists';
  }
  memory.namesTakenUntil = store.now + NAME_TAKEN_MS;
  memory.answers = { ...answers, takenNames: [...(answers.takenNames ?? []), name] };
  return 'answered';
}

function createService(
  world: World,
  experiment: Experiment,
  memory: ExperimentMemory,
  { template, service }: Extract<ExperimentAction, { kind: 'CreateService' }>,
): ExperimentOutcome {
  const { store } = world;
  const existing = store.get('Service', service.metadata.name);
  if (existing === undefined) return seen(world, 'Service', store.create('Service', service));
  const isOurs =
    controllerOf(existing)?.uid === experiment.metadata.uid &&
    existing.metadata.annotations?.[experimentTemplateNameAnnotation] === template;
  if (isOurs) {
    world.managerCache.wrote('Service', existing);
    return 'AlreadyExists';
  }
  const { answers } = memory;
  const message = `service ${service.metadata.name} already exists and is not owned by experiment template ${template}`;
  memory.answers = { ...answers, serviceFailures: { ...answers.serviceFailures, [template]: message } };
  return 'answered';
}

/** The analysis-runner answers with the run of that name, or with the next free one where it belongs to somebody else. */
function ensureRun(
  { store }: World,
  experiment: Experiment,
  memory: ExperimentMemory,
  { key, run }: Extract<ExperimentAction, { kind: 'EnsureAnalysisRun' }>,
): void {
  let { name } = run.metadata;
  const isForeign = (): boolean => {
    const existing = store.get('AnalysisRun', name);
    return existing !== undefined && controllerOf(existing)?.uid !== experiment.metadata.uid;
  };
  for (let suffix = 1; isForeign(); suffix++) name = `${run.metadata.name}.${suffix}`;
  store.create('AnalysisRun', { ...run, metadata: { ...run.metadata, name } });
  memory.answers = { ...memory.answers, startedRuns: { ...memory.answers.startedRuns, [key]: name } };
}
