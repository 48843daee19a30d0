// What an expression is made of. `at` is the offset of the character that an error about the node points at.

export type BinaryOperator =
  | '||'
  | '&&'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | TextOperator
  | '..'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '**'
  | '??';

export type TextOperator = 'matches' | 'contains' | 'startsWith' | 'endsWith';

export type Node =
  | { readonly kind: 'literal'; readonly value: null | boolean | bigint | number | string; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  /** `#`, `#index`, `#acc`: what a predicate is asked about. */
  | { readonly kind: 'pointer'; readonly name: string; readonly at: number }
  | { readonly kind: 'unary'; readonly operator: '!' | '-' | '+'; readonly operand: Node; readonly at: number }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Node;
      readonly right: Node;
      readonly at: number;
    }
  /** `1 < x < 3`: each pair of neighbours compared, every operand evaluated once. */
  | {
      readonly kind: 'comparisons';
      readonly operands: readonly Node[];
      readonly operators: readonly BinaryOperator[];
      readonly places: readonly number[];
      readonly at: number;
    }
  /** Without `then` (`a ?: b`) it is the value of the test. */
  | {
      readonly kind: 'conditional';
      readonly test: Node;
      readonly then: Node | undefined;
      readonly otherwise: Node;
      readonly at: number;
    }
  | {
      readonly kind: 'member';
      readonly target: Node;
      readonly key: Node;
      readonly optional: boolean;
      readonly at: number;
    }
  | {
      readonly kind: 'slice';
      readonly target: Node;
      readonly from: Node | undefined;
      readonly to: Node | undefined;
      readonly optional: boolean;
      readonly at: number;
    }
  | {
      readonly kind: 'method';
      readonly target: Node;
      readonly name: string;
      readonly args: readonly Node[];
      readonly optional: boolean;
      readonly at: number;
    }
  /** How far a nil before `?.` reaches: all of the accesses inside are skipped. */
  | { readonly kind: 'chain'; readonly of: Node; readonly at: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Argument[]; readonly at: number }
  | { readonly kind: 'let'; readonly name: string; readonly value: Node; readonly body: Node; readonly at: number }
  | { readonly kind: 'sequence'; readonly items: readonly Node[]; readonly at: number }
  | { readonly kind: 'list'; readonly items: readonly Node[]; readonly at: number }
  | {
      readonly kind: 'map';
      readonly entries: readonly { readonly key: Node; readonly value: Node }[];
      readonly at: number;
    };

/** An argument as it was written: whether it is a predicate is for the function to say, unless it stands in braces. */
export interface Argument {
  readonly node: Node;
  readonly braces: boolean;
}
