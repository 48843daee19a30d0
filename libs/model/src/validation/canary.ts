import type { CanaryStrategy } from '../api/rollout-strategy.ts';
import type { IntOrString } from '../api/schema.ts';
import type { TrafficRouting } from '../api/traffic-routing.ts';
import { defaults } from '../defaults.ts';
import { percentOf } from '../int-or-string.ts';
import { antiAffinityError } from './anti-affinity.ts';
import { firstError, invalid } from './field-error.ts';
import type { FieldError } from './field-error.ts';
import { stepError } from './steps.ts';

/** Text that is no number counts as zero: nothing could be scaled with it. */
const numberOf = (value: IntOrString): number => (typeof value === 'number' ? value : (percentOf(value) ?? 0));

const belowZero = (path: string, value: IntOrString | null | undefined): FieldError | undefined =>
  value !== undefined && value !== null && numberOf(value) < 0
    ? invalid(path, value, 'must be greater than or equal to 0')
    : undefined;

const surgeError = (canary: CanaryStrategy): FieldError | undefined =>
  numberOf(canary.maxSurge ?? defaults.maxSurge) === 0 &&
  numberOf(canary.maxUnavailable ?? defaults.maxUnavailable) === 0
    ? invalid('spec.strategy.maxSurge', canary.maxSurge, 'MaxSurge and MaxUnavailable both can not be zero')
    : undefined;

const sameServiceError = ({ canaryService, stableService }: CanaryStrategy): FieldError | undefined =>
  canaryService && canaryService === stableService
    ? invalid(
        'spec.strategy.stableService',
        stableService,
        'This rollout uses the same service for the stable and canary services, but two different services are required.',
      )
    : undefined;

const hasPlugins = (routing: TrafficRouting): boolean => Object.keys(routing.plugins ?? {}).length > 0;

const pingPongError = ({ pingPong, trafficRouting }: CanaryStrategy): FieldError | undefined => {
  if (!pingPong) return undefined;
  const path = 'spec.strategy.pingPong';
  if (trafficRouting && !trafficRouting.alb && !trafficRouting.istio && !hasPlugins(trafficRouting))
    return invalid(
      'spec.strategy.trafficRouting.alb',
      trafficRouting.alb,
      'Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only',
    );
  if (!pingPong.pingService) return invalid(`${path}.pingService`, '', 'Ping service must be set to use ping-pong');
  if (!pingPong.pongService) return invalid(`${path}.pongService`, '', 'Pong service must be set to use ping-pong');
  if (pingPong.pingService === pingPong.pongService)
    return invalid(
      `${path}.pingService`,
      pingPong.pingService,
      'This rollout uses the same service for the ping and pong services, but two different services are required.',
    );
  return trafficRouting?.alb && !trafficRouting.alb.rootService
    ? invalid('spec.strategy.trafficRouting.alb.rootService', '', 'Root service must be set to use ping-pong with ALB')
    : undefined;
};

/** Whether a router finds the two versions by their Services only. Plugins may have other ways. */
const needsServices = (routing: TrafficRouting, pingPong: boolean): boolean =>
  Boolean(routing.smi ?? routing.apisix ?? routing.ambassador ?? routing.nginx ?? routing.appMesh ?? routing.traefik) ||
  (Boolean(routing.alb) && !pingPong) ||
  (Boolean(routing.istio) && !routing.istio?.destinationRule && !pingPong);

const missingServiceError = (canary: CanaryStrategy): FieldError | undefined => {
  if (!canary.trafficRouting || !needsServices(canary.trafficRouting, Boolean(canary.pingPong))) return undefined;
  if (canary.stableService && canary.canaryService) return undefined;
  return invalid(
    canary.stableService ? 'spec.strategy.canaryService' : 'spec.strategy.stableService',
    '',
    'Canary service and Stable service must to be set to use Traffic Routing',
  );
};

const withoutRouterError = (canary: CanaryStrategy): FieldError | undefined => {
  if (typeof canary.scaleDownDelaySeconds === 'number')
    return invalid(
      'spec.strategy.scaleDownDelaySeconds',
      canary.scaleDownDelaySeconds,
      'Canary scaleDownDelaySeconds can only be used with traffic routing',
    );
  return canary.dynamicStableScale
    ? invalid(
        'spec.strategy.dynamicStableScale',
        true,
        'Canary dynamicStableScale can only be used with traffic routing',
      )
    : undefined;
};

const routerError = (canary: CanaryStrategy): FieldError | undefined => {
  const routing = canary.trafficRouting;
  if (!routing) return withoutRouterError(canary);
  if (canary.dynamicStableScale && typeof canary.scaleDownDelaySeconds === 'number')
    return invalid(
      'spec.strategy.dynamicStableScale',
      true,
      'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds',
    );
  return typeof routing.maxTrafficWeight === 'number' && !routing.nginx && !hasPlugins(routing)
    ? invalid(
        'spec.strategy.trafficRouting.maxTrafficWeight',
        routing.maxTrafficWeight,
        'MaxTrafficWeight can only be used with Nginx and plugin-based traffic routers',
      )
    : undefined;
};

export const canaryError = (canary: CanaryStrategy): FieldError | undefined =>
  firstError(
    () => belowZero('spec.strategy.maxSurge', canary.maxSurge),
    () => belowZero('spec.strategy.maxUnavailable', canary.maxUnavailable),
    () => surgeError(canary),
    () => sameServiceError(canary),
    () => pingPongError(canary),
    () => missingServiceError(canary),
    () => routerError(canary),
    ...(canary.steps ?? []).map((step, index) => () => stepError(step, `spec.strategy.steps[${index}]`, canary)),
    () => antiAffinityError(canary.antiAffinity),
  );
