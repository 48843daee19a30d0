export type { Call } from './call.ts';
export type { Json, JsonObject, ReadConfig } from './configuration.ts';
export type { Introduction } from './describe.ts';
export { silentLogger } from './logger.ts';
export type { PluginLogger } from './logger.ts';
export type {
  MetricAnswer,
  MetricCheck,
  MetricCollection,
  MetricErrorAnswer,
  MetricPendingAnswer,
  MetricProvider,
  MetricQuery,
  MetricUnderWay,
  MetricValueAnswer,
  MetricVerdictAnswer,
} from './metric.ts';
export { PluginError } from './plugin-error.ts';
export type { Observed, Router, RouterCheck, RouterIntent, RouterRelease } from './router.ts';
export { runPlugin } from './run-plugin.ts';
export type { PluginAssembly, PluginProgram, PluginTools } from './run-plugin.ts';
export { servePlugin } from './serve-plugin.ts';
export type { Plugin, ServeOptions, ServedPlugin } from './serve-plugin.ts';
export type { Step, StepAnswer, StepOrder } from './step.ts';
export type { ServerTls } from '@sluice/service/tls';

// What a router needs of the contract, so that one import is enough.
export { Verification, StringMatch } from '@sluice/contracts';
export type {
  Destination,
  ExtraDestination,
  HeaderMatch,
  HeaderRoute,
  MirrorRoute,
  PluginErrorCode,
  Problem,
  RequestMatch,
  RolloutRef,
  TrafficIntent,
  TrafficObservation,
} from '@sluice/contracts';
// What a metric provider needs of it.
export { maskSecrets } from '@sluice/contracts';
export type { MetricResult, RunRef } from '@sluice/contracts';
