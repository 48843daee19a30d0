import type { RawObject } from '@sluice/kube';

// The parts of a route that this router looks at. Everything else in it is carried along unseen.

export interface BackendRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly port?: number;
  /** 1 where it is absent. */
  readonly weight?: number;
}

export interface Rule {
  readonly name?: string;
  readonly matches?: readonly RuleMatch[];
  readonly filters?: readonly object[];
  readonly backendRefs?: readonly BackendRef[];
}

export interface RuleMatch {
  readonly headers?: readonly HeaderValueMatch[];
}

export interface HeaderValueMatch {
  readonly type?: string;
  readonly name?: string;
  readonly value?: string;
}

export function rulesOf(route: RawObject): readonly Rule[] {
  const rules: unknown = (route['spec'] as Record<string, unknown> | undefined)?.['rules'];
  return Array.isArray(rules) ? (rules as readonly Rule[]) : [];
}

/** The same object when the rules are the same ones. */
export function withRules(route: RawObject, rules: readonly Rule[]): RawObject {
  const before = rulesOf(route);
  if (rules.length === before.length && rules.every((rule, index) => rule === before[index])) return route;
  return { ...route, spec: { ...(route['spec'] as object), rules } };
}

export function refsOf(rule: Rule): readonly BackendRef[] {
  return Array.isArray(rule.backendRefs) ? rule.backendRefs : [];
}

export function where(route: RawObject): string {
  return `${route.kind ?? 'route'} ${route.metadata.namespace ?? ''}/${route.metadata.name ?? ''}`;
}
