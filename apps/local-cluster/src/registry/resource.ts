// What the server knows about one resource, built in or defined by a CustomResourceDefinition.

export interface ScalePaths {
  /** Field paths such as `.spec.replicas`. */
  readonly specReplicas: string;
  readonly statusReplicas: string;
  readonly labelSelector?: string;
}

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** 0 is shown always, 1 and above with `-o wide`. */
  readonly priority: number;
}

/**
 * - `spec`: generation rises when `spec` changes (built-in kinds);
 * - `all`: when anything but metadata (and status, where it is a subresource) changes (custom resources and a few built-ins);
 * - `none`: the kind has no generation.
 */
export type GenerationRule = 'spec' | 'all' | 'none';

export interface ResourceInfo {
  readonly group: string;
  /** Served versions, the preferred one first. */
  readonly versions: readonly string[];
  readonly storageVersion: string;
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly status: boolean;
  readonly scale?: ScalePaths;
  readonly generation: GenerationRule;
  /** Set for kinds that are asked and not stored, such as SelfSubjectAccessReview. */
  readonly review?: boolean;
  /** The name of the CustomResourceDefinition that defines it. */
  readonly definedBy?: string;
}

/** The identity under which objects are stored: versions of one resource share their objects. */
export const storageKey = (r: { group: string; resource: string }): string => `${r.group}/${r.resource}`;
