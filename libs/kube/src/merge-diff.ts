type Fields = Readonly<Record<string, unknown>>;

/**
 * The smallest RFC 7386 merge patch that turns `from` into `to`, or undefined when there is nothing to change. Removed fields are null; lists are replaced
 * whole; undefined and null fields count as absent. Property order never matters.
 */
export function mergeDiff(from: object | undefined, to: object): Record<string, unknown> | undefined {
  const before = (from ?? {}) as Fields;
  const after = to as Fields;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (isAbsent(after[key]) && !isAbsent(before[key])) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    if (isAbsent(value)) continue;
    const old = before[key];
    if (isFields(value) && isFields(old)) {
      const nested = mergeDiff(old, value);
      if (nested !== undefined) patch[key] = nested;
    } else if (!sameJson(old, value)) patch[key] = value;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Whether two values are the same JSON: fields in any order, undefined and null fields as if they were not there. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b || (isAbsent(a) && isAbsent(b))) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isFields(a) || !isFields(b)) return false;
  return (
    Object.keys(a).every((key) => sameJson(a[key], b[key])) &&
    Object.keys(b).every((key) => key in a || isAbsent(b[key]))
  );
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
