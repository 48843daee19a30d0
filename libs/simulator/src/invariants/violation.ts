/** The safety properties of the architecture (§4) that one decision can break. */
export type Property =
  /** 1: a Service is never pointed at, or left with, a version without available pods while another version has them. */
  | 'served'
  /** 1: no traffic is routed to a version without available pods, nor are the last pods taken from traffic. */
  | 'routed'
  /** 2: traffic never needs more pods than are available, by our doing. */
  | 'capacity'
  /** 3: our own action never takes availability below replicas − maxUnavailable. */
  | 'availability'
  /** 3: our own action never asks for more pods than replicas + maxSurge. */
  | 'surge'
  /** 6: no update goes past an analysis without a run of it that succeeded. */
  | 'evidence'
  /** No update goes past an experiment without one that was successful. */
  | 'experiment-evidence'
  /** 7: each write names the version of the object that it was decided on. */
  | 'preconditions';

export interface Violation {
  readonly property: Property;
  /** A sentence with names and numbers. */
  readonly what: string;
}
