// When two pod templates are the same, and the short name of one.
import type { PodTemplate } from '../base/pod.ts';

export const hashLabel = 'pod-template-hash';

// Absent, null and empty mean the same to the API server, which clients make use of (`creationTimestamp: null`, `resources: {}`).
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.length ? value.map((v) => canonical(v) ?? null) : undefined;
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const entries = Object.entries(value)
    .map(([k, v]) => [k, canonical(v)] as const)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length ? Object.fromEntries(entries) : undefined;
}

const texts = new WeakMap<PodTemplate, string>();

/** Equal for templates that make the same pods; the hash label that a Deployment adds does not count. */
export function templateText(template: PodTemplate): string {
  let text = texts.get(template);
  if (text === undefined) {
    const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {};
    text = JSON.stringify(canonical({ ...template, metadata: { ...template.metadata, labels } }) ?? {});
    texts.set(template, text);
  }
  return text;
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Up to ten characters that never make a word. Another `collisionCount` gives another hash of the same template. */
export function templateHash(template: PodTemplate, collisionCount = 0): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${templateText(template)}${collisionCount || ''}`))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return Array.from(String(hash), (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');
}
