// What each manager applied last, by object: server-side apply takes out what a manager applies no more. Kept in memory, as the objects are.
import type { Json } from '../storage/values.ts';

export interface AppliedSets {
  of(uid: string, manager: string): { readonly before: Json; readonly others: readonly Json[] };
  remember(uid: string, manager: string, applied: Json): void;
}

// Objects that nobody applied for so long that this many others were have most likely gone.
const LIMIT = 10_000;

// Identity is not something that one applies and later does not.
function content(applied: Json): Json {
  const { apiVersion: _, kind: __, metadata, ...rest } = applied;
  const { name: ___, namespace: ____, resourceVersion: _____, uid: ______, ...meta } = metadata ?? {};
  return { ...rest, metadata: meta };
}

export function createAppliedSets(): AppliedSets {
  const sets = new Map<string, Map<string, Json>>();
  return {
    of(uid, manager) {
      const managers = sets.get(uid);
      return {
        before: managers?.get(manager),
        others: [...(managers ?? [])].filter(([m]) => m !== manager).map(([, v]) => v),
      };
    },
    remember(uid, manager, applied) {
      const managers = sets.get(uid) ?? new Map<string, Json>();
      sets.delete(uid);
      sets.set(uid, managers);
      managers.set(manager, content(applied));
      if (sets.size > LIMIT) sets.delete(sets.keys().next().value as string);
    },
  };
}
