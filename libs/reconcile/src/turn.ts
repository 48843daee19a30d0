import { isKubeError } from '@sluice/kube';
import type { Informer, KubeObject } from '@sluice/kube';

/** One key's turn: what it is about, and what may be done in it. */
export interface Turn<O extends KubeObject, M> extends Writing {
  readonly key: string;
  readonly object: O;
  /** What is remembered of the object since this replica is in charge of it. */
  readonly memory: M;
  /** Another replica goes on from here: what waits to be stored is stored now. */
  readonly isLast: boolean;
}

/** Asked before, and told after, each write on behalf of one key. */
export interface Writing {
  /** Aborts when writing is no longer allowed. */
  readonly signal: AbortSignal;
  mayWrite(): boolean;
  /** The server's answer to a write: the caches must show it before the next turn. */
  wrote(cache: Cache, object: KubeObject): void;
  removed(cache: Cache, object: KubeObject): void;
}

type Cache = Pick<Informer<KubeObject>, 'hasSeen' | 'get'>;

/**
 * How carrying out a decision ended where it did not go through, short of an error:
 * - `stale`: the decision was taken on something that has changed; assemble again once the caches show it.
 * - `answered`: something was answered that changes the decision; assemble again at once, the answer is in the next snapshot.
 * - `not in charge`: somebody else may write now.
 */
export type Discarded =
  { readonly kind: 'stale' | 'answered'; readonly why: string } | { readonly kind: 'not in charge' };

/** `again`: as soon as the caches show what was done. `waits`: until the earliest of these moments, or until something changes. */
export type TurnResult =
  Discarded | { readonly kind: 'again' } | { readonly kind: 'waits'; readonly until: readonly (number | undefined)[] };

/** Writing is no longer allowed: somebody else leads, or another controller is live. Nothing is wrong with the object. */
export class NotInCharge extends Error {
  override readonly name = 'NotInCharge';
}

/** The decision was taken on something that is not so any more: throw it away and assemble again. */
export class StaleDecision extends Error {
  override readonly name = 'StaleDecision';
}

/** What somebody answered to a wish has been noted: the next decision takes it into account. */
export class Answered extends Error {
  override readonly name = 'Answered';
}

/** Throws NotInCharge; call it right before each write. */
export function assertInCharge({ mayWrite }: Pick<Writing, 'mayWrite'>): void {
  if (!mayWrite()) throw new NotInCharge('not allowed to write any more');
}

/** What an error thrown by an action means for the decision; undefined: it is a real error. A failed precondition, or an object that is gone, makes it stale. */
export function discardedBy(error: unknown): Discarded | undefined {
  if (error instanceof NotInCharge) return { kind: 'not in charge' };
  if (error instanceof Answered) return { kind: 'answered', why: error.message };
  if (error instanceof StaleDecision) return { kind: 'stale', why: error.message };
  if (isKubeError(error, 'Conflict', 'NotFound')) return { kind: 'stale', why: error.message };
  return undefined;
}
