import { controllerOf, isKubeError } from '@sluice/kube';
import type { KubeClient, KubeObject, ResourceRef } from '@sluice/kube';
import { StaleDecision, assertInCharge } from './turn.ts';
import type { Writing } from './turn.ts';

export interface NamedCreation<T extends KubeObject> {
  readonly client: Pick<KubeClient, 'create' | 'find'>;
  readonly ref: ResourceRef;
  readonly object: T;
  readonly writing: Pick<Writing, 'signal' | 'mayWrite'>;
  /** Whom the object belongs to. */
  readonly ownerUid: string;
  /** Whether an object of the name that has the same owner is the one that was meant: yes, unless told otherwise. */
  readonly isMeant?: (existing: T) => boolean;
  /** The server's answer, or what it had already. */
  readonly wrote: (object: T) => void;
}

/**
 * Creates an object under its name. `taken`: somebody else has that name. Throws StaleDecision when it was there already, and only our cache is late, or when whoever had the
 * name has just gone; throws KubeError for every other refusal.
 */
export async function createNamed<T extends KubeObject>(creation: NamedCreation<T>): Promise<'created' | 'taken'> {
  const { client, ref, object, writing, ownerUid, isMeant = () => true, wrote } = creation;
  const { signal } = writing;
  const { namespace, name = '' } = object.metadata;
  assertInCharge(writing);
  try {
    wrote(await client.create<T>(ref, object, { signal }));
    return 'created';
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error;
    const existing = await client.find<T>(ref, { name, ...(namespace ? { namespace } : {}) }, { signal });
    if (existing === undefined) throw new StaleDecision(`${ref.kind} ${name} was there and is gone`, { cause: error });
    if (controllerOf(existing)?.uid !== ownerUid || !isMeant(existing)) return 'taken';
    wrote(existing);
    throw new StaleDecision(`${ref.kind} ${name} had been created already`, { cause: error });
  }
}
