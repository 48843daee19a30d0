import { refusalText } from '@sluice/engine';
import type { RefusableWrite } from '@sluice/engine';
import { isKubeError } from '@sluice/kube';
import type { KubeError } from '@sluice/kube';
import { eventReasons } from '@sluice/model';
import { Answered } from '@sluice/reconcile';
import type { Execution } from './execution.ts';

/** An answer that says no, and would say so again: as opposed to a conflict, a lost connection or a server that is busy. */
export const isRefusal = (error: unknown): error is KubeError =>
  isKubeError(error, 'Invalid', 'Forbidden', 'MethodNotAllowed', 'TooLarge', 'Unexpected');

/** Notes that a write was refused; an Event says so once for each reason. `along`: refused together with it, and said by the same Event. */
export function noteRefusal(
  { refusals, snapshot, now, record }: Execution,
  write: RefusableWrite,
  error: KubeError,
  along?: RefusableWrite,
): void {
  const uid = snapshot.rollout.metadata.uid ?? '';
  const message = error.serverMessage ?? error.message;
  const refusal = { ...write, message };
  const isNews = refusals.refused(uid, refusal, now());
  if (along !== undefined) refusals.refused(uid, { ...along, message }, now());
  if (isNews) record({ type: 'Warning', reason: eventReasons.writeRefused, message: refusalText(refusal) });
}

/**
 * Carries out a write that may be refused. A refusal is noted and thrown as Answered: decided again at once, without that write, everything that does not depend on it
 * goes on.
 */
export async function refusable<T>(
  execution: Execution,
  write: RefusableWrite | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const uid = execution.snapshot.rollout.metadata.uid ?? '';
  try {
    const result = await work();
    if (write !== undefined) execution.refusals.accepted(uid, write);
    return result;
  } catch (error) {
    if (write === undefined || !isRefusal(error)) throw error;
    noteRefusal(execution, write, error);
    throw new Answered(error.message, { cause: error });
  }
}

/** Parts of a status that the API server names as wrong, as one refusable write: `canary,duration`; '' where it names none; `*` when less was refused as well. */
export function refusedStatusParts({ snapshot }: Execution, { details }: KubeError): string {
  const before = (snapshot.refusals ?? []).filter(({ kind }) => kind === 'PatchStatus').map(({ name }) => name);
  if (before.includes('')) return '*';
  const named = (details?.causes ?? []).flatMap(({ field }) => /^status\.([A-Za-z]+)/.exec(field ?? '')?.[1] ?? []);
  const parts = [...new Set(named)].sort().join(',');
  return before.includes(parts) ? '' : parts;
}
