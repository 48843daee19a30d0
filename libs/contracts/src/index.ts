export { errorCodeOf, errorCodeTrailer, pluginErrorCodes, protocolVersion, statusOf } from './errors.ts';
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
