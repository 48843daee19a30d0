import { hiding } from '@sluice/model';
import type { AnalysisRun, Argument } from '@sluice/model';
import { resolved, unresolved } from './result.ts';
import type { Resolved } from './result.ts';
import type { ArgumentValues } from './substitute.ts';

// The arguments of a run as its metrics use them. Source: spec-analysis §2.4.

/** Stands for a secret value where the value itself is not known and does not matter. */
export const secretPlaceholder = 'temp-for-secret';

/** A Secret that an argument is read from, in the run's namespace. */
export interface SecretArgument {
  readonly argument: string;
  readonly secret: string;
  readonly key: string;
}

export const secretArguments = (run: AnalysisRun): readonly SecretArgument[] =>
  (run.spec.args ?? []).flatMap(({ name, valueFrom }) =>
    valueFrom?.secretKeyRef
      ? [{ argument: name, secret: valueFrom.secretKeyRef.name, key: valueFrom.secretKeyRef.key }]
      : [],
  );

/** What a run says whose Secret does not have the key. */
export const missingSecretKeyMessage = (secret: string, key: string): string =>
  `key '${key}' does not exist in secret '${secret}'`;

/**
 * Values by name. A Secret wins over a value that stands beside it. An argument without a value fails every metric, used or not; a
 * `fieldRef` is never looked up in a run, so that it counts as none.
 */
export function argumentValues(
  args: readonly Argument[],
  secretValue: (argument: string) => string | undefined,
): Resolved<ArgumentValues> {
  const values = new Map<string, string>();
  for (const { name, value, valueFrom } of args) {
    const text = valueFrom?.secretKeyRef ? secretValue(name) : (value ?? undefined);
    if (text === undefined) return unresolved('ArgumentNotResolved', `argument "${name}" was not supplied`);
    values.set(name, text);
  }
  return resolved(values);
}

/** Text without secret values, by the rules of `hiding`. */
export const maskSecrets = (text: string, secretValues: readonly string[]): string => hiding(secretValues)(text);
