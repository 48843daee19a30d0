/**
 * Orders two resourceVersions of the same kind: negative when `a` is older, 0 when equal, positive when newer. They are unsigned 64-bit decimals: a JavaScript
 * number loses the last digits, so compare by length, then text. Absent counts as oldest.
 */
export function compareResourceVersions(a: string | undefined, b: string | undefined): number {
  const left = a ?? '';
  const right = b ?? '';
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
