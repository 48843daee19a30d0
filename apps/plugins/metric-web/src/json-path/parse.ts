import { parseBracket } from './parse-bracket.ts';
import { createText } from './parsed-text.ts';
import type { ParsedText } from './parsed-text.ts';
import { JsonPathError } from './syntax.ts';
import type { Literal, Node, Segment } from './syntax.ts';

/** Reads a template. Throws JsonPathError. */
export function parseTemplate(template: string): readonly Node[] {
  const text = createText(template);
  const { nodes, ended } = parseNodes(text);
  if (ended) throw text.error('{end} without {range}');
  return nodes;
}

/** Up to the end of the text, or to the `{end}` that is not another range's. */
function parseNodes(text: ParsedText): { readonly nodes: readonly Node[]; readonly ended: boolean } {
  const nodes: Node[] = [];
  while (!text.atEnd()) {
    const literal = text.upTo('{');
    if (literal !== '') nodes.push({ kind: 'text', text: literal });
    if (text.atEnd()) break;
    text.expect('{');
    text.skipBlanks();
    if (text.takeWord('end')) {
      closeBrace(text);
      return { nodes, ended: true };
    }
    if (text.takeWord('range')) nodes.push(parseRange(text));
    else {
      nodes.push({ kind: 'path', segments: parsePath(text) });
      closeBrace(text);
    }
  }
  return { nodes, ended: false };
}

function parseRange(text: ParsedText): Node {
  text.skipBlanks();
  const segments = parsePath(text);
  closeBrace(text);
  const { nodes, ended } = parseNodes(text);
  if (!ended) throw text.error('{range} without {end}');
  return { kind: 'range', segments, body: nodes };
}

function closeBrace(text: ParsedText): void {
  text.skipBlanks();
  text.expect('}');
}

/** Segments, up to something that is none. */
export function parsePath(text: ParsedText): readonly Segment[] {
  const segments: Segment[] = [];
  for (;;) {
    text.skipBlanks();
    // Both are the current value, which the template begins with.
    if (text.take('$') || text.take('@')) continue;
    if (text.take('..')) {
      segments.push({ kind: 'descend' });
      if (text.peek() !== '[') segments.push(fieldOf(text));
    } else if (text.take('.')) {
      // `{.}` is the current value as well.
      if (text.peek() !== '[' && text.peek() !== '}') segments.push(fieldOf(text));
    } else if (text.take('[')) segments.push(parseBracket(text));
    else {
      const literal = takeLiteral(text);
      if (literal === undefined) return segments;
      segments.push({ kind: 'literal', value: literal });
    }
  }
}

function fieldOf(text: ParsedText): Segment {
  if (text.take('*')) return { kind: 'all' };
  const name = text.takeName();
  if (name === '') throw text.error('a field needs a name');
  return { kind: 'field', name };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function takeLiteral(text: ParsedText): Literal | undefined {
  const quoted = text.takeQuoted();
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped);
  const number = text.takeMatch(/[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y);
  if (number !== undefined) return Number(number);
  if (text.takeWord('true')) return true;
  if (text.takeWord('false')) return false;
  const word = text.takeMatch(/[A-Za-z_]\w*/y);
  if (word !== undefined) throw new JsonPathError(`unrecognized identifier ${word}; a field is written as .${word}`);
  return undefined;
}
