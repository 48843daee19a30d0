import { JsonPathError } from './syntax.ts';
import type { Node, Operand, Operator, Segment } from './syntax.ts';

/** Values that one evaluation may look at: a descent in a descent in a descent of a large answer would never end. */
const mostValues = 1_000_000;

type Budget = { left: number };

/** What each expression selects, in their order. Throws JsonPathError where a path leads nowhere. */
export function evaluate(nodes: readonly Node[], root: unknown): readonly (readonly unknown[])[] {
  return results(nodes, root, { left: mostValues });
}

function results(nodes: readonly Node[], current: unknown, budget: Budget): readonly (readonly unknown[])[] {
  return nodes.flatMap((node): readonly (readonly unknown[])[] => {
    switch (node.kind) {
      case 'text':
        return [[node.text]];
      case 'path':
        return [select(node.segments, [current], budget)];
      case 'range':
        return select(node.segments, [current], budget).flatMap((each) => results(node.body, each, budget));
    }
  });
}

function select(segments: readonly Segment[], from: readonly unknown[], budget: Budget): readonly unknown[] {
  return segments.reduce<readonly unknown[]>((values, segment) => {
    budget.left -= values.length;
    if (budget.left < 0) throw new JsonPathError(`the JSONPath looks at more than ${mostValues} values`);
    return step(segment, values, budget);
  }, from);
}

function step(segment: Segment, values: readonly unknown[], budget: Budget): readonly unknown[] {
  switch (segment.kind) {
    case 'field':
      return fields(segment.name, values);
    case 'all':
      return values.flatMap(members);
    case 'descend':
      return values.flatMap((value) => descend(value, budget));
    case 'index':
      return values.flatMap((value) => (value === null ? [] : [at(listOf(value), segment.index)]));
    case 'slice':
      return values.flatMap((value) => (value === null ? [] : slice(listOf(value), segment)));
    case 'union':
      return segment.members.flatMap((member) => select(member, values, budget));
    case 'filter':
      return values.flatMap((value) =>
        value === null ? [] : listOf(value).filter((each) => passes(segment, each, budget)),
      );
    case 'literal':
      return [segment.value];
  }
}

function fields(name: string, values: readonly unknown[]): readonly unknown[] {
  if (values.length === 0) return [];
  const found = values.filter((value) => isObject(value) && Object.hasOwn(value, name));
  if (found.length === 0) throw new JsonPathError(`${name} is not found`);
  return found.map((value) => (value as Record<string, unknown>)[name]);
}

function members(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

/** Parents before their children; what is empty or no list or object is not in it. */
function descend(value: unknown, budget: Budget): readonly unknown[] {
  const found: unknown[] = [];
  // No recursion: an answer may be nested deeper than the stack.
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const inside = members(next);
    if (inside.length === 0) continue;
    if (--budget.left < 0) throw new JsonPathError(`the JSONPath looks at more than ${mostValues} values`);
    found.push(next);
    for (let index = inside.length - 1; index >= 0; index--) if (inside[index] !== null) waiting.push(inside[index]);
  }
  return found;
}

function at(list: readonly unknown[], index: number): unknown {
  const place = index < 0 ? index + list.length : index;
  if (place < 0 || place >= list.length) throw outOfBounds(place, list.length);
  return list[place];
}

function slice(list: readonly unknown[], bounds: Segment & { kind: 'slice' }): readonly unknown[] {
  const fromEnd = (bound: number): number => (bound < 0 ? bound + list.length : bound);
  const start = fromEnd(bounds.start ?? 0);
  const end = fromEnd(bounds.end ?? list.length);
  if (start === end) return [];
  if (start < 0 || start >= list.length) throw outOfBounds(start, list.length);
  if (end < 0 || end > list.length) throw outOfBounds(end - 1, list.length);
  if (start > end) throw new JsonPathError(`starting index ${start} is greater than ending index ${end}`);
  const by = bounds.step ?? 1;
  if (by <= 0) throw new JsonPathError('step must be > 0');
  return list.slice(start, end).filter((_, index) => index % by === 0);
}

function outOfBounds(index: number, length: number): JsonPathError {
  return new JsonPathError(`array index out of bounds: index ${index}, length ${length}`);
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new JsonPathError(
    `${isObject(value) ? 'an object' : JSON.stringify(value).slice(0, 80)} is not array or slice`,
  );
}

function passes({ left, test }: Segment & { kind: 'filter' }, element: unknown, budget: Budget): boolean {
  if (test === undefined) return exists(left, element, budget);
  const [one, another] = [left, test.right].map((operand) => {
    const found = select(operand, [element], budget);
    if (found.length > 1) throw new JsonPathError('can only compare one element at a time');
    return found;
  }) as [readonly unknown[], readonly unknown[]];
  return one.length === 1 && another.length === 1 && compare(test.operator, one[0], another[0]);
}

function exists(path: Operand, element: unknown, budget: Budget): boolean {
  try {
    return select(path, [element], budget).length > 0;
  } catch (error) {
    if (error instanceof JsonPathError && budget.left >= 0) return false;
    throw error;
  }
}

function compare(operator: Operator, left: unknown, right: unknown): boolean {
  const comparable = typeof left === typeof right && ['string', 'number', 'boolean'].includes(typeof left);
  if (!comparable) throw new JsonPathError('incompatible types for comparison');
  const [one, other] = [left as string, right as string];
  switch (operator) {
    case '==':
      return one === other;
    case '!=':
      return one !== other;
    case '<':
      return one < other;
    case '<=':
      return one <= other;
    case '>':
      return one > other;
    case '>=':
      return one >= other;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
