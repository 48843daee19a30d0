import { evaluate } from './evaluate.ts';
import { parseTemplate } from './parse.ts';

export { JsonPathError } from './syntax.ts';

/** A template that has been read. */
export interface JsonPath {
  /** The first value of the first expression that selects any; undefined when none does. Throws JsonPathError where a path leads nowhere. */
  first(root: unknown): { readonly value: unknown } | undefined;
}

/** Throws JsonPathError when the template cannot be read. */
export function compileJsonPath(template: string): JsonPath {
  const nodes = parseTemplate(template);
  return {
    first(root) {
      const found = evaluate(nodes, root).find((values) => values.length > 0);
      return found === undefined ? undefined : { value: found[0] };
    },
  };
}
