// Layouts of Go's time package: how the reference time, Mon Jan 2 15:04:05 MST 2006, would be written.

const element =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|_2(?!006)|002|01|02|03|04|05|06|15|PM|pm|-07:00:00|-070000|-07:00|-0700|-07|Z07:00:00|Z070000|Z07:00|Z0700|Z07|[.,]0+(?!\d)|[.,]9+(?!\d)|[12345]/g;

export interface LayoutPiece {
  /** Text that stands for itself, or an element that stands for a part of the time. */
  readonly literal: boolean;
  readonly text: string;
}

/** A layout cut into its elements and what stands between them. */
export const piecesOf = (layout: string): readonly LayoutPiece[] => {
  const pieces: LayoutPiece[] = [];
  let end = 0;
  for (const match of layout.matchAll(element)) {
    if (match.index > end) pieces.push({ literal: true, text: layout.slice(end, match.index) });
    pieces.push({ literal: false, text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < layout.length) pieces.push({ literal: true, text: layout.slice(end) });
  return pieces;
};

/** Layouts that `date` tries when it is given none, in this order. */
export const knownLayouts: readonly string[] = [
  '2006-01-02',
  '15:04:05',
  '2006-01-02 15:04:05',
  '2006-01-02T15:04:05Z07:00', // RFC 3339
  '02 Jan 06 15:04 MST', // RFC 822
  'Monday, 02-Jan-06 15:04:05 MST', // RFC 850
  'Mon, 02 Jan 2006 15:04:05 MST', // RFC 1123
];
