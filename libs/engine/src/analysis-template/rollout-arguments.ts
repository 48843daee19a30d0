import type { Argument, Rollout, RolloutArgument } from '@sluice/model';
import { resolved, unresolved } from './result.ts';
import type { Resolved } from './result.ts';

// The arguments that a Rollout gives to its analyses. Source: spec-analysis §2.2.

/** Values of the label rollouts-pod-template-hash: of the version that is new, and of the one that is stable. */
export interface VersionHashes {
  readonly podHash: string;
  readonly stableHash: string;
}

/** A number as Go prints a float64 with %v: `25`, `0.5`, `1e+06`. */
function goNumber(value: number): string {
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Labels or annotations as the downward API writes all of them: sorted, one `key="value"` a line. */
const mapText = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');

const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/;

/** A field as the downward API gives it to pods. A label or annotation that is not there is empty text. */
function metadataField({ metadata }: Rollout, path: string): Resolved<string> {
  const [, map, key = ''] = keyed.exec(path) ?? [];
  if (map !== undefined) {
    const values = (map === 'labels' ? metadata.labels : metadata.annotations) ?? {};
    return resolved(Object.hasOwn(values, key) ? (values[key] ?? '') : '');
  }
  switch (path) {
    case 'metadata.name':
      return resolved(metadata.name);
    case 'metadata.namespace':
      return resolved(metadata.namespace ?? '');
    case 'metadata.uid':
      return resolved(metadata.uid ?? '');
    case 'metadata.labels':
      return resolved(mapText(metadata.labels));
    case 'metadata.annotations':
      return resolved(mapText(metadata.annotations));
    default:
      return unresolved('InvalidFieldPath', `unsupported fieldPath: ${path}`);
  }
}

const wholeNumber = /^[+-]?\d+$/;

function member(value: unknown, name: string, path: string): Resolved<unknown> {
  if (Array.isArray(value)) {
    if (!wholeNumber.test(name)) return unresolved('InvalidFieldPath', `invalid index '${name}'`);
    const index = Number(name);
    return index >= 0 && index < value.length
      ? resolved<unknown>(value[index])
      : unresolved('InvalidFieldPath', `index ${index} out of range`);
  }
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? resolved<unknown>((value as Record<string, unknown>)[name])
    : unresolved('InvalidFieldPath', `invalid path ${path} in rollout`);
}

function objectField(rollout: Rollout, path: string): Resolved<string> {
  let value: unknown = rollout;
  for (const name of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    const found = member(value, name, path);
    if (!found.ok) return found;
    value = found.value;
  }
  switch (typeof value) {
    case 'string':
      return resolved(value);
    case 'number':
      return resolved(goNumber(value));
    case 'boolean':
      return resolved(String(value));
    default:
      return unresolved('InvalidFieldPath', `path ${path} in rollout must terminate in a primitive value`);
  }
}

/** A field of the Rollout as text: `metadata…` by the downward API's rules, any other path through its JSON. */
export const rolloutField = (rollout: Rollout, path: string): Resolved<string> =>
  path.startsWith('metadata') ? metadataField(rollout, path) : objectField(rollout, path);

function argumentValue(
  rollout: Rollout,
  { value, valueFrom }: RolloutArgument,
  { podHash, stableHash }: VersionHashes,
): Resolved<string> {
  if (valueFrom?.podTemplateHashValue !== undefined)
    return resolved(valueFrom.podTemplateHashValue === 'Latest' ? podHash : stableHash);
  if (valueFrom?.fieldRef) return rolloutField(rollout, valueFrom.fieldRef.fieldPath);
  return resolved(value ?? '');
}

/** Arguments with values. One that has only a name is empty text, which overrides the default of a template. */
export function rolloutArguments(
  rollout: Rollout,
  args: readonly RolloutArgument[],
  hashes: VersionHashes,
): Resolved<readonly Argument[]> {
  const values: Argument[] = [];
  for (const arg of args) {
    const value = argumentValue(rollout, arg, hashes);
    if (!value.ok) return value;
    values.push({ name: arg.name, value: value.value });
  }
  return resolved(values);
}
