import type { Destination, RolloutRef } from '@sluice/contracts';

/** A rollout whose objects exist. */
export interface TestRollout {
  readonly rollout: RolloutRef;
  /** The router's or step's part of its manifest. */
  readonly configJson: string;
  readonly stable: Destination;
  readonly canary: Destination;
  /** Services for extra destinations; two at least where the router can do those. */
  readonly extras?: readonly Destination[];
}

/** What the API says that a rollout's routes do. */
export interface Routed {
  /** Each object (or rule) that the rollout's configuration names, with the share of each Service out of 100; Services without a share may be left out. */
  readonly routes: readonly { readonly name: string; readonly weights: Readonly<Record<string, number>> }[];
  /** Names, as in the intent, of the managed routes that exist. */
  readonly headerRoutes: readonly string[];
  readonly mirrorRoutes: readonly string[];
}

/** Where a router's objects live, as the suite sees it. */
export interface RouterWorld {
  /**
   * Makes what a rollout's configuration names, with foreign rules, annotations and unknown fields around it; nothing is routed to the canary yet.
   * `routes` objects where that is asked for (1 otherwise); with `sharing`, in the same objects as that rollout.
   * Undefined when this router cannot do that.
   */
  createRollout(options?: {
    readonly routes?: number;
    readonly sharing?: TestRollout;
  }): Promise<TestRollout | undefined>;
  /** Read back from the API, not from the plugin. */
  routed(rollout: TestRollout): Promise<Routed>;
  /** Everything that no rollout owns, as text: it is compared byte for byte. */
  foreign(): Promise<string>;
  /** Writes that the API has carried out for the plugin; only grows. */
  writes(): Promise<number>;
  /** Deletes the objects that the configuration names, as a user would. */
  removeRoutes(rollout: TestRollout): Promise<void>;
  /** What was routed after each write since the rollout was made, oldest first. */
  readonly history?: (rollout: TestRollout) => Promise<readonly Routed[]>;
  readonly faults?: RouterFaults;
}

/** What can go wrong between a router and its API. Each lasts until `clear`. */
export interface RouterFaults {
  /** No call of the plugin is answered. */
  hold(): Promise<void>;
  /** So many writes are refused because somebody else was first. Returns how many were refused until now. */
  conflict(times: number): Promise<() => number>;
  /** Writes to this route (an index into `routed().routes`) are refused, as by a missing permission. */
  refuseWrites(rollout: TestRollout, route: number): Promise<void>;
  /** Another writer gives the canary this share, now. */
  tamper(rollout: TestRollout, canaryWeight: number): Promise<void>;
  /** The same, right after the plugin's next write. */
  tamperAfterWrite(rollout: TestRollout, canaryWeight: number): Promise<void>;
  /** Another writer changes something foreign between the plugin's next read and its write. */
  foreignWriteBeforeWrite(rollout: TestRollout): Promise<void>;
  clear(): Promise<void>;
}

/** Where a step plugin does its work. */
export interface StepWorld {
  /** A step that keeps running until it is ended. */
  readonly configJson: string;
  /** How many times work was begun. */
  starts(): Promise<number>;
}
