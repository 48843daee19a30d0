import type { Action, EpochMs, EventIntent, RolloutSnapshot, StepPluginCall } from '@sluice/engine';
import type { KubeClient, KubeObject } from '@sluice/kube';
import type { Rollout } from '@sluice/model';
import type { PeerCalls } from './peers.ts';
import type { TurnEvents } from '../turn-events.ts';
import type { CreationAnswers } from '../assemble/creation-answers.ts';
import type { WriteRefusals } from '../assemble/write-refusals.ts';

/** What the kinds of actions need to be carried out. */
export interface Execution {
  readonly client: Pick<KubeClient, 'get' | 'find' | 'create' | 'patch' | 'remove'>;
  /** What was decided on: actions name its objects by uid. */
  readonly snapshot: RolloutSnapshot;
  /** Aborts when writing is no longer allowed. */
  readonly signal: AbortSignal;
  /** Asked before each write. */
  mayWrite(): boolean;
  now(): EpochMs;
  /** The Rollout as it is stored: the snapshot's may already have the status of a decision whose routes were being asked for. */
  readonly stored: Rollout;
  /** The server's answer to a write: the caches must show it before the next decision. */
  wrote(kind: CachedKind, object: KubeObject): void;
  removed(kind: CachedKind, object: KubeObject): void;
  /** What has happened, beside what actions tell. */
  record(event: EventIntent): void;
  readonly events: Pick<TurnEvents, 'decided' | 'stored' | 'failed'>;
  readonly creations: CreationAnswers;
  readonly refusals: WriteRefusals;
  readonly routers: RouterCalls;
  /** Calls a step plugin; absent where none is installed, and nothing is decided then that needs one. */
  readonly callStepPlugin?: ((call: StepPluginCall) => Promise<'asked' | 'resting'>) | undefined;
  readonly peers: PeerCalls;
}

/** The routers that are installed. What they answer is part of the next snapshot. */
export interface RouterCalls {
  /** A router that fails has answered too: the next snapshot says so. `resting`: it is left alone for now, and the last answer stands. */
  apply(action: ActionOf<'ApplyTraffic'>, signal: AbortSignal): Promise<'asked' | 'resting'>;
  /** The same for giving back what routers hold. */
  release(action: ActionOf<'ReleaseTraffic'>, signal: AbortSignal): Promise<'asked' | 'resting'>;
}

export type CachedKind = 'rollouts' | 'replicaSets' | 'services';

export type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;
