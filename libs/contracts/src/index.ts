export {
  errorCodeOf,
  errorCodeTrailer,
  errorReasonTrailer,
  pluginErrorCodes,
  protocolVersion,
  statusOf,
} from './errors.ts';
export type { PluginErrorCode } from './errors.ts';

export {
  CallContext,
  DescribeRequest,
  DescribeResponse,
  ErrorCode,
  Problem,
  RolloutRef,
  ValidateResponse,
} from './gen/sluice/plugin/v1/plugin.ts';

export {
  ApplyRequest,
  ApplyResponse,
  Destination,
  ExtraDestination,
  HeaderMatch,
  HeaderRoute,
  MirrorRoute,
  ObserveRequest,
  ObserveResponse,
  ReleaseRequest,
  ReleaseResponse,
  RequestMatch,
  RouteEvent,
  StringMatch,
  TrafficIntent,
  TrafficObservation,
  TrafficRouterClient,
  TrafficRouterService,
  ValidateRequest as RouterValidateRequest,
  Verification,
} from './gen/sluice/router/v1/router.ts';
export type { TrafficRouterServer } from './gen/sluice/router/v1/router.ts';

export {
  CancelRequest as MetricCancelRequest,
  CancelResponse as MetricCancelResponse,
  CollectRequest as MetricCollectRequest,
  CollectResponse as MetricCollectResponse,
  Finished,
  Measurement,
  MetricProviderClient,
  MetricProviderService,
  Pending,
  PollRequest as MetricPollRequest,
  PollResponse as MetricPollResponse,
  RunRef,
  StartRequest as MetricStartRequest,
  StartResponse as MetricStartResponse,
  ValidateRequest as MetricValidateRequest,
  Verdict,
} from './gen/sluice/metric/v1/metric.ts';
export type { MetricProviderServer } from './gen/sluice/metric/v1/metric.ts';
export { maskSecrets } from './mask-secrets.ts';
export type { MaskSecrets } from './mask-secrets.ts';
export { formatMetricResult, parseMetricResult } from './metric-result.ts';
export type { MetricResult } from './metric-result.ts';

export {
  AbortRequest,
  AbortResponse,
  Phase as StepPhase,
  PollRequest,
  PollResponse,
  RunRequest,
  RunResponse,
  StepContext,
  StepPluginClient,
  StepPluginService,
  StepResult,
  TerminateRequest,
  TerminateResponse,
  ValidateRequest as StepValidateRequest,
} from './gen/sluice/step/v1/step.ts';
export type { StepPluginServer } from './gen/sluice/step/v1/step.ts';

export {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthClient,
  HealthService,
} from './gen/grpc/health/v1/health.ts';
export type { HealthServer } from './gen/grpc/health/v1/health.ts';

// Between services of the control plane.
export { ObjectRef, Owner } from './gen/sluice/control/v1/object.ts';
export {
  AnalysisServiceClient,
  AnalysisServiceService,
  EnsureRunRequest,
  EnsureRunResponse,
  TemplateRef,
  TerminateRunRequest,
  TerminateRunResponse,
  TriedMetric,
  TryTemplateRequest,
  TryTemplateResponse,
} from './gen/sluice/control/v1/analysis.ts';
export type { AnalysisServiceServer } from './gen/sluice/control/v1/analysis.ts';
export {
  EnsureExperimentRequest,
  EnsureExperimentResponse,
  ExperimentServiceClient,
  ExperimentServiceService,
  TerminateExperimentRequest,
  TerminateExperimentResponse,
} from './gen/sluice/control/v1/experiment.ts';
export type { ExperimentServiceServer } from './gen/sluice/control/v1/experiment.ts';
export {
  AttendRequest,
  AttendResponse,
  MeasurementServiceClient,
  MeasurementServiceService,
  Outcome,
  ReportRequest,
  ReportResponse,
  TakeRequest,
  TakeResponse,
  Task,
  Work,
} from './gen/sluice/control/v1/measurement.ts';
export type { MeasurementServiceServer } from './gen/sluice/control/v1/measurement.ts';
export { measurementIdOf, measurementQueue, readMeasurementHint, triedRunName } from './measurement-queue.ts';
export type { MeasurementHint } from './measurement-queue.ts';
