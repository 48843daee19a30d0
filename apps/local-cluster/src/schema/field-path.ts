// Field paths as errors, printer columns and scale subresources write them: `spec.list[0].name`, `.status.conditions[?(@.type=="Ready")].status`.
import type { Json } from '../storage/values.ts';

type Step =
  { readonly key: string } | { readonly index: number } | { readonly where: string; readonly equals: string } | 'all';

const parsed = new Map<string, readonly Step[]>();

function parse(path: string): readonly Step[] {
  const steps: Step[] = [];
  const token =
    /\[\?\(\s*@\.([\w.\-/]+)\s*==\s*(?:"([^"]*)"|'([^']*)')\s*\)\]|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\[\*\]|\.?((?:[^.[\]\\]|\\.)+)|\./g;
  for (const m of path.matchAll(token)) {
    if (m[1] !== undefined) steps.push({ where: m[1], equals: m[2] ?? m[3] ?? '' });
    else if (m[4] !== undefined) steps.push({ index: Number(m[4]) });
    else if (m[5] !== undefined) steps.push({ key: m[5] });
    else if (m[0] === '[*]') steps.push('all');
    else if (m[6] !== undefined) steps.push({ key: m[6].replace(/\\(.)/g, '$1') });
  }
  return steps;
}

/** All values at `path`. */
export function readAll(value: Json, path: string): Json[] {
  let steps = parsed.get(path);
  if (!steps) parsed.set(path, (steps = parse(path)));
  let at: Json[] = [value];
  for (const step of steps) {
    at = at.flatMap((v): Json[] => {
      if (v === null || typeof v !== 'object') return [];
      if (step === 'all') return Object.values(v);
      if ('key' in step) return v[step.key] === undefined || Array.isArray(v) ? [] : [v[step.key]];
      if ('index' in step) return Array.isArray(v) && v[step.index] !== undefined ? [v[step.index]] : [];
      return Array.isArray(v) ? v.filter((item) => String(readPath(item, step.where)) === step.equals) : [];
    });
  }
  return at;
}

/** The first value at `path`, undefined if there is none. The empty path is the value itself. */
export const readPath = (value: Json, path: string): Json | undefined => readAll(value, path)[0];
