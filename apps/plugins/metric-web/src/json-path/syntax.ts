// The JSONPath templates of Kubernetes (https://kubernetes.io/docs/reference/kubectl/jsonpath/), not those of RFC 9535: expressions stand in braces, a key in quotes
// is itself a path, and a path that leads nowhere is an error.

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly segments: readonly Segment[] }
  | { readonly kind: 'range'; readonly segments: readonly Segment[]; readonly body: readonly Node[] };

export type Segment =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'all' }
  /** The value and all the lists and objects in it. */
  | { readonly kind: 'descend' }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'slice'; readonly start?: number; readonly end?: number; readonly step?: number }
  | { readonly kind: 'union'; readonly members: readonly (readonly Segment[])[] }
  | { readonly kind: 'filter'; readonly left: Operand; readonly test?: Test }
  | { readonly kind: 'literal'; readonly value: Literal };

export type Literal = string | number | boolean;
export type Operand = readonly Segment[];
export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';
export interface Test {
  readonly operator: Operator;
  readonly right: Operand;
}

/** Thrown when a path cannot be read or evaluated; the message is for the author of the template. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}
