// JSON of stored objects. An object never changes, so its text is made once, however many lists and watches carry it.
import { Buffer } from 'node:buffer';
import type { KubeObject } from '../storage/store.ts';

const texts = new WeakMap<object, string>();

export function jsonOf(object: KubeObject): string {
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    // What may still change (a dry run's result) is not remembered.
    if (Object.isFrozen(object)) texts.set(object, text);
  }
  return text;
}

/** One line of a watch. */
export const watchLine = (type: string, object: string): Buffer =>
  Buffer.from(`{"type":"${type}","object":${object}}\n`);

export function listBody(
  kind: string,
  apiVersion: string,
  metadata: Record<string, unknown>,
  items: readonly string[],
): string {
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`;
}
