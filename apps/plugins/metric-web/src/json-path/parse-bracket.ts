import { parsePath } from './parse.ts';
import { createText } from './parsed-text.ts';
import type { ParsedText } from './parsed-text.ts';
import type { Operator, Segment } from './syntax.ts';

const operators: readonly Operator[] = ['==', '!=', '<=', '>=', '<', '>'];

/** What stands between `[` (already read) and `]`: an index, a slice, `*`, keys in quotes, several of them, or a filter. */
export function parseBracket(text: ParsedText): Segment {
  text.skipBlanks();
  if (text.take('?(')) return parseFilter(text);
  const members: (readonly Segment[])[] = [];
  do {
    text.skipBlanks();
    members.push(parseMember(text));
    text.skipBlanks();
  } while (text.take(','));
  text.expect(']');
  const [first = [], ...others] = members;
  return others.length === 0 && first.length === 1 ? (first[0] as Segment) : { kind: 'union', members };
}

function parseMember(text: ParsedText): readonly Segment[] {
  if (text.take('*')) return [{ kind: 'all' }];
  const key = text.takeQuoted();
  if (key !== undefined) {
    // A key in quotes is a path: 'metadata.name'. A dot that belongs to a name is written with a backslash.
    const inner = createText(`.${key}`);
    const path = parsePath(inner);
    if (!inner.atEnd()) throw text.error(`'${key}' is not a key: put a backslash before characters such as $, [ and {`);
    return path;
  }
  const bounds = text.takeMatch(/-?\d*\s*(?::\s*-?\d*\s*){0,2}/y) ?? '';
  if (bounds.trim() === '') throw text.error('there should be an index, a slice, a key in quotes or a filter');
  const [start, end, step] = bounds.split(':').map((bound) => (bound.trim() === '' ? undefined : Number(bound)));
  if ([start, end, step].some((bound) => bound !== undefined && !Number.isSafeInteger(bound)))
    throw text.error('an index is a whole number');
  if (!bounds.includes(':')) return [{ kind: 'index', index: start as number }];
  return [
    {
      kind: 'slice',
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      ...(step === undefined ? {} : { step }),
    },
  ];
}

function parseFilter(text: ParsedText): Segment {
  const left = parsePath(text);
  text.skipBlanks();
  const operator = operators.find((each) => text.take(each));
  const right = operator === undefined ? [] : parsePath(text);
  text.skipBlanks();
  text.expect(')');
  text.skipBlanks();
  text.expect(']');
  return operator === undefined ? { kind: 'filter', left } : { kind: 'filter', left, test: { operator, right } };
}
