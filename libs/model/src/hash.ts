import type { PodTemplateSpec } from './api/core.ts';
import type { CanaryStep } from './api/rollout-steps.ts';
import { createGoEncoder } from './go-json.ts';
import { podTemplateLayouts } from './pod-template-layout.ts';
import { stepLayouts } from './step-layout.ts';

// Hashes that the API stores: in names and labels of ReplicaSets, and as status.currentStepHash. An in-flight update
// survives a change of controller only if both compute the same, so these are exact to the byte (spec-rollout §3.1, §3.2).

const templates = createGoEncoder(podTemplateLayouts);
const steps = createGoEncoder(stepLayouts);
const utf8 = new TextEncoder();

const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

const fnv1a = (bytes: Uint8Array, start = fnvOffset): number => {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, fnvPrime);
  return hash >>> 0;
};

/** Letters and digits that spell no words and cannot be mistaken for each other, as Kubernetes uses in names. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

const safeEncode = (hash: number): string =>
  Array.from(String(hash), (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');

const collisionBytes = (collisionCount: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, collisionCount, true);
  return bytes;
};

/**
 * Hash of a pod template, up to 10 characters. Fields that k8s.io/api v0.34 does not know do not count.
 * The template is taken as it is: drop an existing hash label first where the template comes from a ReplicaSet.
 */
export const podTemplateHash = (template: PodTemplateSpec, collisionCount?: number | null): string => {
  const hash = fnv1a(utf8.encode(templates.encode('PodTemplateSpec', template)));
  return safeEncode(
    collisionCount === undefined || collisionCount === null ? hash : fnv1a(collisionBytes(collisionCount), hash),
  );
};

/** Hash of a text, up to 10 characters that may stand in names. */
export const textHash = (text: string): string => safeEncode(fnv1a(utf8.encode(text)));

/** Hash of the steps of a canary; no steps and an empty list are the same. */
export const stepHash = (canarySteps: readonly CanaryStep[] | null | undefined): string => {
  const list = canarySteps ?? [];
  const text = list.length === 0 ? 'null' : `[${list.map((step) => steps.encode('CanaryStep', step)).join(',')}]`;
  return safeEncode(fnv1a(utf8.encode(text)));
};
