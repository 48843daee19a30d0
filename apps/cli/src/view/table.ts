/** Columns of text, two blanks apart. Widths count code points and leave colour codes out, so that coloured and plain tables line up alike. */
export type Row = readonly string[];

const COLOUR_CODE = /\x1b\[\d+m/g;

export function displayWidth(text: string): number {
  return [...text.replace(COLOUR_CODE, '')].length;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/**
 * One line for each row. Every cell but the last of a row is padded to its column's width (at least `minimumWidths[column]`) and two blanks;
 * padding is kept where the last cell is empty, as clients that cut by column know it from kubectl plugins.
 */
export function renderTable(rows: readonly Row[], minimumWidths: readonly number[] = []): string[] {
  const widths: number[] = [...minimumWidths];
  for (const row of rows)
    row.slice(0, -1).forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell))));
  return rows.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : pad(cell, (widths[column] ?? 0) + 2))).join(''),
  );
}

/** Answers of metrics are anybody's text: nothing in them moves the cursor or breaks the table. */
export function oneLine(text: string, length: number): string {
  const characters = [...text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()];
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length - 1).join('')}…`;
}
