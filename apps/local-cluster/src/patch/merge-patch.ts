// RFC 7386. Parts that the patch does not name are shared with the original.
import type { Json } from '../storage/values.ts';
import { isObject } from '../storage/values.ts';

export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const out: Record<string, Json> = isObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    if (patch[key] === null) delete out[key];
    else out[key] = mergePatch(out[key], patch[key]);
  }
  return out;
}
