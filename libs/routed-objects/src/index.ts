export { changeObject, heldDetail } from './change-object.ts';
export type { ChangeOutcome, ObjectChange, WriteContext } from './change-object.ts';
export { laterWriter, otherWriter } from './field-managers.ts';
export { jsonPatchBetween } from './json-patch.ts';
export type { JsonPatchOperation } from './json-patch.ts';
export { createRewrites } from './rewrites.ts';
export type { RewriteLimits, Rewrites } from './rewrites.ts';
export { invalid, settingsOf } from './settings.ts';
export type { Settings } from './settings.ts';
