import type { Budget } from '../budget.ts';
import type { LanguageFunction } from '../functions/function.ts';
import type { Limits } from '../limits.ts';
import type { Node } from '../syntax/nodes.ts';
import type { StaticType } from '../types.ts';
import type { Part } from './part.ts';
import type { Scope } from './scope.ts';

/** What the translation of each kind of node may ask for. */
export interface Translator {
  readonly limits: Limits;
  /** For work of the compilation itself: regular expressions. */
  readonly budget: Budget;
  readonly variables: ReadonlyMap<string, StaticType>;
  readonly functions: ReadonlyMap<string, LanguageFunction>;
  /** Nodes of a kind one level deeper. */
  translate(node: Node, scope: Scope): Part;
  /** A place for the value of a `let` or of a predicate. */
  newSlot(): number;
}

export type NodeOf<K extends Node['kind']> = Extract<Node, { readonly kind: K }>;
