import type { StepPluginStatus } from '@sluice/model';
import { newRevision } from '../revision.ts';
import { stepsOf } from '../situation.ts';
import type { Situation } from '../situation.ts';

/**
 * An operation as its entry keeps it in `status`: all that its plugin has to be told of it, as it was when it began. The steps may be others by the time it is ended,
 * and the ReplicaSet may have got another revision.
 */
export interface Begun {
  readonly revision: number;
  /** When the attempt began that it belongs to. */
  readonly attempt: string;
  /** As it stood in the manifest. */
  readonly config?: unknown;
  /** What the plugin wants to be told again. */
  readonly state?: unknown;
}

export function beginning(s: Situation, index: number): Begun {
  const config = stepsOf(s)[index]?.plugin?.config;
  return {
    revision: newRevision(s),
    attempt: s.status.duration?.rolloutStartedAt ?? '',
    ...(config !== undefined && { config }),
  };
}

/** Of an entry that another controller has written, the best guess: what it has there is the plugin's own. */
export function begunOf({ status }: StepPluginStatus, otherwise: () => Begun): Begun {
  if (isBegun(status)) return status;
  return { ...otherwise(), ...(status !== undefined && { state: status }) };
}

function isBegun(status: unknown): status is Begun {
  if (typeof status !== 'object' || status === null) return false;
  const { revision, attempt } = status as Partial<Begun>;
  return typeof revision === 'number' && typeof attempt === 'string';
}

/** The same for one call of this operation, the nth. */
export const callKey = (
  uid: string | undefined,
  { revision, attempt }: Begun,
  { index, operation }: Pick<StepPluginStatus, 'index' | 'operation'>,
  nth: number,
): string => [uid ?? '', revision, attempt, index, operation, nth].join('/');
