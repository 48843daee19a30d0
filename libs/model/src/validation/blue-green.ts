import type { BlueGreenStrategy } from '../api/rollout-strategy.ts';
import type { RolloutSpec } from '../api/rollout.ts';
import { defaults } from '../defaults.ts';
import { antiAffinityError } from './anti-affinity.ts';
import { firstError, invalid, negative } from './field-error.ts';
import type { FieldError } from './field-error.ts';

const sameServiceError = ({ activeService, previewService }: BlueGreenStrategy): FieldError | undefined =>
  (activeService ?? '') === (previewService ?? '')
    ? invalid(
        'spec.strategy.activeService',
        activeService,
        'This rollout uses the same service for the active and preview services, but two different services are required.',
      )
    : undefined;

const delayLimitError = (spec: RolloutSpec, strategy: BlueGreenStrategy): FieldError | undefined => {
  const limit = strategy.scaleDownDelayRevisionLimit;
  const history = spec.revisionHistoryLimit ?? defaults.revisionHistoryLimit;
  return limit !== undefined && limit !== null && limit > history
    ? invalid(
        'spec.strategy.scaleDownDelayRevisionLimit',
        limit,
        `must not be greater than revisionHistoryLimit (${history})`,
      )
    : undefined;
};

export const blueGreenError = (spec: RolloutSpec, strategy: BlueGreenStrategy): FieldError | undefined =>
  firstError(
    () => sameServiceError(strategy),
    () => negative('spec.strategy.previewReplicaCount', strategy.previewReplicaCount),
    () => delayLimitError(spec, strategy),
    () => antiAffinityError(strategy.antiAffinity),
  );
