import type { Subject } from './subject.ts';
import type { MetricWorld } from './metric-world.ts';
import type { RouterWorld, StepWorld, TestRollout } from './world.ts';

/**
 * What a check needs beside an address.
 * - `rollout`: a rollout that exists, from a world or a fixture.
 * - `world`: its objects can be read back and its writes counted.
 * - `faults`, `history`, `sharing`: the world can do that.
 * - `stop`, `restart`: the plugin's life is in our hands.
 * - `value`, `no-data`, `failing`, `hanging`, `secret`, `ending`, `endless`: a configuration of that kind, for a metric provider.
 * - `asked`, `running`, `left-behind`, `logged`: the world of a metric provider can tell that.
 * - `header-routes`, `mirror-routes`, `extra-destinations`, `side-effects`: the plugin says that it can.
 */
export type Need =
  | 'rollout'
  | 'world'
  | 'faults'
  | 'history'
  | 'sharing'
  | 'stop'
  | 'restart'
  | 'value'
  | 'no-data'
  | 'failing'
  | 'hanging'
  | 'secret'
  | 'ending'
  | 'endless'
  | 'asked'
  | 'running'
  | 'left-behind'
  | 'logged'
  | 'side-effects'
  | 'header-routes'
  | 'mirror-routes'
  | 'extra-destinations';

export interface Check<Context> {
  /** A sentence about the plugin that is true when the check passes. */
  readonly title: string;
  readonly needs: readonly Need[];
  run(context: Context): Promise<void>;
}

/** One numbered obligation of the contract. */
export interface Rule<Context> {
  /** As in the .proto file: `P1`, `R4`. */
  readonly id: string;
  readonly title: string;
  readonly checks: readonly Check<Context>[];
}

export interface PluginContext {
  readonly subject: Subject;
  /** Objects for a new rollout; or the fixture's, always the same. */
  newRollout(): Promise<TestRollout>;
}

export interface RouterContext extends PluginContext {
  readonly world: RouterWorld;
}

export interface MetricContext {
  readonly subject: Subject;
  readonly world: MetricWorld;
}

export interface StepContext extends PluginContext {
  readonly world: StepWorld | undefined;
}

/** Thrown by a check that does not hold; its message says what was expected and what was seen. */
export class RuleBroken extends Error {
  override readonly name = 'RuleBroken';
}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new RuleBroken(otherwise);
}

export function mustEqual(seen: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(expected)];
  must(a === b, `${what} is ${a}, and should be ${b}`);
}
