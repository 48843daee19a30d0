import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isKubeError, keyOf } from '@sluice/kube';
import type { KubeClient, ObjectKey, RawObject, ResourceRef } from '@sluice/kube';
import { PluginError } from '@sluice/plugin-sdk';
import { laterWriter, otherWriter } from './field-managers.ts';
import { jsonPatchBetween } from './json-patch.ts';
import type { Rewrites } from './rewrites.ts';

/** What all writes of one call share. */
export interface WriteContext {
  readonly client: KubeClient;
  /** Field manager under which this router writes: what others are told apart from. */
  readonly own: string;
  readonly rewrites: Rewrites;
  /** Uid of the rollout: two of them may write the same object, each its own part. */
  readonly rolloutUid: string;
  readonly signal: AbortSignal;
}

export interface ObjectChange {
  readonly ref: ResourceRef;
  readonly key: ObjectKey;
  /** What the object should be, from what it is; the same JSON when nothing is to be done. Pure; asked again after each conflict. */
  readonly change: (live: RawObject) => RawObject;
  /** The object as it was read a moment ago: saves the first read. */
  readonly live?: RawObject;
  /** Tells apart several changes of one object in one call. */
  readonly purpose?: string;
}

export interface ChangeOutcome {
  /** As it was before, and as the server answered after the write (the same object when nothing was written). */
  readonly before: RawObject;
  readonly after: RawObject;
  readonly wrote: boolean;
  /** Not written, though it differs: the same content was undone too often. */
  readonly held: boolean;
  /** Who has undone what was written before, where that was noticed and is known; `''` where it was noticed and is not known. */
  readonly undoneBy: string | undefined;
}

const attempts = 5;

/**
 * Makes an object what it should be, by a patch of only what differs. Throws PluginError `Conflict` when others changed it each time between reading and
 * writing, and KubeError as the server answered (its message names the write that failed).
 */
export async function changeObject(context: WriteContext, wanted: ObjectChange): Promise<ChangeOutcome> {
  const { client, signal } = context;
  let live = wanted.live ?? (await client.get(wanted.ref, wanted.key, { signal }));
  for (let attempt = 1; ; attempt++) {
    const target = wanted.change(live);
    const patch = jsonPatchBetween(live, target);
    if (patch.length === 0) return { before: live, after: live, wrote: false, held: false, undoneBy: undefined };
    const rewrite = { object: objectName(context, wanted), purpose: wanted.purpose ?? '', content: contentOf(target) };
    const undoneBy = context.rewrites.wasWritten(rewrite) ? (otherWriter(live, context.own) ?? '') : undefined;
    if (!context.rewrites.allows(rewrite)) return { before: live, after: live, wrote: false, held: true, undoneBy };
    try {
      const { resourceVersion } = live.metadata;
      const precondition = resourceVersion === undefined ? {} : { resourceVersion };
      const options = { signal, fieldManager: context.own, ...precondition };
      const after = await client.patch(wanted.ref, wanted.key, 'json', patch, options);
      context.rewrites.wrote(rewrite, contentOf(after));
      return { before: live, after, wrote: true, held: false, undoneBy };
    } catch (error) {
      if (!isKubeError(error, 'Conflict')) throw error;
      if (attempt === attempts) throw conflict(wanted, live, context.own, error);
      await pause(10 * 2 ** attempt, undefined, { signal });
      live = await client.get(wanted.ref, wanted.key, { signal });
    }
  }
}

function conflict(wanted: ObjectChange, live: RawObject, own: string, cause: unknown): PluginError {
  const writer = otherWriter(live, own);
  const who = writer === undefined ? 'somebody else' : `"${writer}"`;
  return new PluginError(
    'Conflict',
    `${wanted.ref.kind} ${keyOf(wanted.key)} was changed by ${who} each of the ${attempts} times that it was to be written; let one of the two leave its routes alone`,
    { cause },
  );
}

/** Digest of what a writer can set; what the server keeps for itself would differ each time. */
function contentOf(object: RawObject): string {
  const { labels, annotations } = object.metadata;
  return createHash('sha256')
    .update(JSON.stringify([labels, annotations, object['spec']]))
    .digest('base64');
}

/**
 * Who has changed an object since this router wrote it for this rollout, as far as that is known: from this process's memory, else from the object itself.
 * Undefined when nobody has, or it is not known who.
 */
export function writerSince(
  context: Watching,
  { ref, key }: Pick<ObjectChange, 'ref' | 'key'>,
  live: RawObject,
): string | undefined {
  const stored = context.rewrites.lastStored(objectName(context, { ref, key }));
  if (stored === undefined) return laterWriter(live, context.own);
  return stored === contentOf(live) ? undefined : otherWriter(live, context.own);
}

type Watching = Pick<WriteContext, 'own' | 'rewrites' | 'rolloutUid'>;

function objectName({ rolloutUid }: Watching, { ref, key }: Pick<ObjectChange, 'ref' | 'key'>): string {
  return `${rolloutUid} ${ref.plural}/${keyOf(key)}`;
}

/** One sentence for people about objects that somebody keeps changing back; undefined when all were written. */
export function heldDetail(outcomes: readonly (ChangeOutcome & { readonly name: string })[]): string | undefined {
  const held = outcomes.filter((outcome) => outcome.held);
  if (held.length === 0) return undefined;
  const who = held.map((outcome) => outcome.undoneBy).find((name) => name !== undefined && name !== '');
  const by = who === undefined ? 'another writer' : `"${who}"`;
  const names = held.map((outcome) => outcome.name).join(', ');
  return `${names}: ${by} keeps changing back what this router writes; it is rewritten once a minute until that stops`;
}
