import type { SetHeaderRoute, SetMirrorRoute } from '@sluice/model';
import type { TrafficSpan } from './span.ts';

/** One side of the split. `service` is '' where versions are told apart by hash alone. */
export interface Destination {
  readonly service: string;
  readonly hash: string;
}

/** The whole routing that is wanted of one router: a declaration, not a change. Source: architecture §5. */
export interface TrafficIntent {
  readonly stable: Destination;
  readonly canary: Destination;
  /** Share of the canary, out of maxWeight. */
  readonly weight: number;
  readonly maxWeight: number;
  readonly extraDestinations: readonly (Destination & { readonly weight: number })[];
  readonly headerRoutes: readonly SetHeaderRoute[];
  readonly mirrorRoutes: readonly SetMirrorRoute[];
  /** Names that belong to the rollout, in order of precedence. */
  readonly managedRoutes: readonly string[];
}

/** What is known about one router's routes. */
export type RouterObservation =
  /** Nobody has looked since this process started. */
  | { readonly kind: 'unknown' }
  /** It cannot be asked; its routes may be anywhere in the span. Where nothing is said of header routes there may be some. */
  | ({ readonly kind: 'unavailable'; readonly reason: string } & Omit<TrafficSpan, 'byHeader' | 'max'> &
      Partial<Pick<TrafficSpan, 'byHeader' | 'max'>>)
  | {
      readonly kind: 'observed';
      /** What it was asked about. */
      readonly intent: TrafficIntent;
      readonly inSync: boolean;
      readonly canaryWeight: number;
      readonly verification: 'verified' | 'pending' | 'unsupported';
      /** Where traffic may be, by this answer and those before it (`spanAfterAnswer`); absent: by this one alone. */
      readonly span?: TrafficSpan | undefined;
      /** Why it is not in sync, or what it waits for. */
      readonly detail?: string;
      readonly foreignWriter?: string;
    };
