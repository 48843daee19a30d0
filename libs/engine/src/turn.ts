import type { CompletionStatus, PauseCondition, StepPluginStatus, TrafficWeights } from '@sluice/model';
import type { EventIntent } from './decision.ts';
import type { Plan } from './plan.ts';
import type { SetView } from './sets.ts';
import type { Situation } from './situation.ts';

/**
 * What a strategy wants of this turn, before counts, conditions, phase and duration are worked out from it. A field that is left out keeps
 * its value; null clears it.
 */
export interface TurnResult {
  readonly pauses?: readonly PauseCondition[];
  /** Keeps "the controller has paused" although no pause is left: a user's resume that has not taken effect yet. */
  readonly keepsResume?: boolean;
  readonly currentStepIndex?: number | null;
  readonly stableRS?: string;
  readonly promoteFull?: false;
  readonly abort?: boolean;
  readonly abortedAt?: string | null;
  readonly restartedAt?: string;
  readonly currentPodHash?: string;
  readonly currentStepHash?: string;
  readonly blueGreen?: {
    readonly activeSelector: string;
    readonly previewSelector: string;
    readonly scaleUpPreviewCheckPoint: boolean;
  };
  /** The set that the active Service selects, as it will be. */
  readonly activeSet?: SetView;
  /** The split that all routers were seen to have. */
  readonly weights?: TrafficWeights;
  /** What step plugins are asked for, where that changes. */
  readonly stepPluginStatuses?: readonly StepPluginStatus[];
  /** Another service that keeps it where it is, and why. */
  readonly blockedBy?: { readonly what: string; readonly reason: string };
  /** The two Services of a ping-pong have changed their parts. */
  readonly flipsPingPong?: boolean;
  /** Why the update was taken back, where the controller did it. */
  readonly abortCause?: string;
  /** Nothing that analyses, experiments or plugins said before counts any more. */
  readonly startsOver?: true;
  readonly startsAttempt?: boolean;
  readonly endsAttempt?: CompletionStatus;
  readonly events?: readonly EventIntent[];
}

export type Turn = (s: Situation, plan: Plan) => TurnResult;
