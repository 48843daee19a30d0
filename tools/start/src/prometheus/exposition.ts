/** Names of labels and their values; the name of a metric is the label `__name__`. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const NAME = '__name__';
const line = /^([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const label = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;

/** Reads what a program tells of itself in Prometheus's text format. Throws an Error that shows the line that cannot be read. */
export function parseExposition(text: string): Sample[] {
  return text.split('\n').flatMap((each) => {
    if (each.trim() === '' || each.trimStart().startsWith('#')) return [];
    const [, name = '', labels = '', number = ''] = line.exec(each) ?? unreadable(each);
    return [{ labels: { [NAME]: name, ...labelsOf(labels, each) }, value: numberOf(number, each) }];
  });
}

function labelsOf(text: string, whole: string): Labels {
  const found: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.trimEnd().length) {
    const [, name = '', value = ''] = label.exec(text) ?? unreadable(whole);
    found[name] = value.replaceAll(/\\([\\"n])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return found;
}

function numberOf(text: string, whole: string): number {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  const value = Number(text);
  return Number.isNaN(value) ? unreadable(whole) : value;
}

function unreadable(text: string): never {
  throw new Error(`not in Prometheus's text format: ${text.slice(0, 200)}`);
}
