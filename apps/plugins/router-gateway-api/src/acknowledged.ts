import type { RawObject } from '@sluice/kube';
import { where } from './rules.ts';

interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

interface ParentStatus {
  readonly parentRef?: { readonly name?: string; readonly namespace?: string; readonly sectionName?: string };
  readonly controllerName?: string;
  readonly conditions?: readonly Condition[];
}

/**
 * Why the gateways do not route as the route says yet; undefined when they do, or when none of them tells. A gateway tells by conditions with the generation
 * of the route that it has taken in.
 */
export function notAcknowledged(route: RawObject): string | undefined {
  const generation = route.metadata.generation ?? 0;
  const parents = parentsOf(route).filter(({ conditions = [] }) => conditions.length > 0);
  for (const { parentRef, controllerName, conditions = [] } of parents) {
    const seen = Math.max(...conditions.map(({ observedGeneration = 0 }) => observedGeneration));
    // 0: this gateway does not tell what it has taken in.
    if (seen !== 0 && seen < generation)
      return `${where(route)}: gateway ${parentRef?.name ?? controllerName ?? ''} has taken in generation ${seen}, not yet ${generation}`;
  }
  const refused = parents.map(({ conditions = [] }) =>
    conditions.find(({ type, status }) => type === 'Accepted' && status === 'False'),
  );
  if (parents.length === 0 || refused.some((condition) => condition === undefined)) return undefined;
  return `${where(route)}: no gateway accepts it: ${refused[0]?.message ?? 'no reason given'}`;
}

/** Only of gateways that the route still names: what others said before is not taken back by them. */
function parentsOf(route: RawObject): readonly ParentStatus[] {
  const spec = (route['spec'] ?? {}) as { readonly parentRefs?: readonly NonNullable<ParentStatus['parentRef']>[] };
  const status = (route['status'] ?? {}) as { readonly parents?: readonly ParentStatus[] };
  const named = Array.isArray(spec.parentRefs) ? spec.parentRefs : [];
  return (Array.isArray(status.parents) ? status.parents : []).filter(({ parentRef }) =>
    named.some((ref) => ref.name === parentRef?.name && (ref.sectionName ?? '') === (parentRef?.sectionName ?? '')),
  );
}
