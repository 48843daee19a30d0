import type { Finding, Severity } from './finding.ts';

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

const countOf = (findings: readonly Finding[], severity: Severity): number =>
  findings.filter((finding) => finding.severity === severity).length;

/** The line of the file with a mark under the character. */
const excerpt = ({ line, column, sourceLine }: Finding): string[] => {
  if (sourceLine.trim() === '') return [];
  const number = String(line);
  // Tabs stay tabs, so that the mark stands where the character does.
  const before = Array.from(sourceLine)
    .slice(0, column - 1)
    .join('')
    .replaceAll(/[^\t]/g, ' ');
  return [`  ${number} | ${sourceLine}`, `  ${' '.repeat(number.length)} | ${before}^`];
};

/** For people: a line for each finding, which editors can follow, with the place under it; the sum at the end. */
export const reportText = (findings: readonly Finding[]): string => {
  if (findings.length === 0) return '';
  const lines = findings.flatMap((finding) => {
    const { file, line, column, severity, object, path, message } = finding;
    const about = [object, path].filter((part) => part !== undefined && part !== '').join(' ');
    return [
      `${file}:${line}:${column}: ${severity}: ${about === '' ? '' : `${about}: `}${message}`,
      ...excerpt(finding),
    ];
  });
  const sums = (['error', 'warning', 'note'] as const).map((severity) => plural(countOf(findings, severity), severity));
  return `${[...lines, sums.join(', ')].join('\n')}\n`;
};

/** For programs. */
export const reportJson = (findings: readonly Finding[]): string => {
  const shown = findings.map(({ sourceLine: _, ...finding }) => finding);
  const counts = {
    errors: countOf(findings, 'error'),
    warnings: countOf(findings, 'warning'),
    notes: countOf(findings, 'note'),
  };
  return `${JSON.stringify({ findings: shown, ...counts }, null, 2)}\n`;
};
