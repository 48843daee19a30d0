import type { StaticType } from '../types.ts';

export interface Slot {
  readonly slot: number;
  readonly type: StaticType;
}

/** What a name means at a place in the expression. */
export interface Scope {
  /** Of `let`. */
  readonly names: ReadonlyMap<string, Slot>;
  /** `#` (under the name ''), `#index` and `#acc`; undefined outside of predicates. */
  readonly pointers: ReadonlyMap<string, Slot> | undefined;
}

export const emptyScope: Scope = { names: new Map(), pointers: undefined };

export const withName = (scope: Scope, name: string, slot: Slot): Scope => ({
  ...scope,
  names: new Map(scope.names).set(name, slot),
});
