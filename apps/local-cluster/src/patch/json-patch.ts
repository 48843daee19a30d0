// RFC 6902, with `test`.
import jsonPatch from 'fast-json-patch';
import type { Operation } from 'fast-json-patch';
import { badRequest, StatusError } from '../storage/status-error.ts';
import type { Json } from '../storage/values.ts';
import { copy } from '../storage/values.ts';

/** Throws 400 when `operations` is no list, 422 when an operation does not apply or a test does not hold. */
export function applyJsonPatch(target: Json, operations: Json): Json {
  if (!Array.isArray(operations))
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  try {
    return jsonPatch.applyPatch(copy(target), operations as Operation[], true, true).newDocument;
  } catch (cause) {
    const error = new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
    error.cause = cause;
    throw error;
  }
}
