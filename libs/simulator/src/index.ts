export { happenings, nextMoment, passTime, play, settle } from './agenda.ts';
export type { Happening, Run, SettleOptions } from './agenda.ts';
export { restartRunner } from './analysis-runner.ts';
export type { AnalysisMemory, Measure, Measured } from './analysis-runner.ts';
export { Cache } from './cache.ts';
export * from './commands.ts';
export { everyExperimentIsDue, reconcileExperiment, restartManager } from './experiment-manager.ts';
export type { ExperimentMemory, ExperimentTurn } from './experiment-manager.ts';
export { observeExperiment } from './experiment-observation.ts';
export { removeOwner, removeReplicaSet } from './garbage.ts';
export { deletePod, isReady, setImageBehaviour, unreadyPod } from './kubelet.ts';
export { apiVersions, controllerOf, isDeleting, kinds, mergePatch, timeText, versionOf } from './objects.ts';
export type { Kind, Manifest, StoredKinds } from './objects.ts';
export { observe } from './observe.ts';
export { availableAt, podsOf } from './replica-set-controller.ts';
export { after, askedFor, availableOf, sceneOf } from './scene.ts';
export type { Scene, SceneSet } from './scene.ts';
export { restartRouter, routesOf } from './router.ts';
export type { RouterMemory, RouterOptions, VirtualRouter } from './router.ts';
export { openOperations, restartStepPlugins } from './step-plugin.ts';
export type { Operation, StepPluginOptions, VirtualStepPlugins } from './step-plugin.ts';
export { Store } from './store.ts';
export type { Precondition, Refusal, Written } from './store.ts';
export { reconcile, restartController } from './turn.ts';
export type { Turn, TurnOptions } from './turn.ts';
export { createWorld, everyRolloutIsDue, memoryOf } from './world.ts';
export type {
  ControllerMemory,
  DecideExperiment,
  DecideRollout,
  PodLife,
  PodTimes,
  RecordedEvent,
  World,
  WorldOptions,
} from './world.ts';
export { catchUp, step } from './choice.ts';
export type { Choice } from './choice.ts';
export { joinedServices, leftovers } from './invariants/experiments.ts';
export { limitsOf, violationsOf } from './invariants/index.ts';
export type { Property, Violation } from './invariants/index.ts';
export { latestTimeIn, restore } from './takeover.ts';
