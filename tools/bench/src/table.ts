/** Columns under each other, numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const text = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell)));
  const widths = (text[0] ?? []).map((_, column) => Math.max(...text.map((row) => row[column]?.length ?? 0)));
  const isNumber = (row: number, column: number): boolean =>
    typeof rows[row]?.[column] === 'number' || (row === 0 && rows.some((other) => typeof other[column] === 'number'));
  return text
    .map((row, r) =>
      row
        .map((cell, c) => (isNumber(r, c) ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** 12345.6 → "12 346"; small numbers keep two digits after the point. */
export const grouped = (value: number): string =>
  Math.abs(value) >= 100 || Number.isInteger(value)
    ? Math.round(value)
        .toString()
        .replace(/\B(?=(\d{3})+$)/g, ' ')
    : value.toFixed(2);
