// Errors about a field, in the words of the Kubernetes API: `path: Invalid value: X: detail`.

export type FieldErrorType = 'Required value' | 'Invalid value' | 'Forbidden' | 'Internal error';

export interface FieldError {
  readonly type: FieldErrorType;
  /** Path from the root of the object, such as spec.strategy.steps[0].setWeight. */
  readonly path: string;
  /** What stands there; undefined is printed as null. Errors of the other types than `Invalid value` do not print it. */
  readonly badValue?: unknown;
  readonly detail: string;
}

export const invalid = (path: string, badValue: unknown, detail: string): FieldError => ({
  type: 'Invalid value',
  path,
  badValue,
  detail,
});

/** A count below zero: nothing could be done with it. */
export const negative = (path: string, value: number | null | undefined): FieldError | undefined =>
  value !== undefined && value !== null && value < 0
    ? invalid(path, value, 'must be greater than or equal to 0')
    : undefined;

export const required = (path: string, detail: string): FieldError => ({ type: 'Required value', path, detail });

const withSortedKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
    : value;

/** The one line that users read, as in the condition InvalidSpec after `The Rollout "NAME" is invalid: `. */
export const formatFieldError = ({ type, path, badValue, detail }: FieldError): string => {
  const value = type === 'Invalid value' ? `: ${JSON.stringify(badValue ?? null, withSortedKeys)}` : '';
  return `${path}: ${type}${value}${detail === '' ? '' : `: ${detail}`}`;
};

/** Message of the InvalidSpec condition of a Rollout. */
export const invalidSpecMessage = (name: string, error: FieldError): string =>
  `The Rollout "${name}" is invalid: ${formatFieldError(error)}`;

/** The result of the first rule that complains. Later rules are not asked: they may rely on the earlier ones. */
export const firstError = (...rules: readonly (() => FieldError | undefined)[]): FieldError | undefined => {
  for (const rule of rules) {
    const error = rule();
    if (error !== undefined) return error;
  }
  return undefined;
};
