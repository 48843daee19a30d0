import { createAuthority } from '@sluice/kube';
import type { Authority, AuthorityOptions } from '@sluice/kube';
import { StartError } from '@sluice/service';

/** Whether this replica may write, and for which keys; a start that cannot go well ends with a sentence for people. */
export function createStanding(options: Omit<AuthorityOptions, 'refusal'>): Authority {
  return createAuthority({ ...options, refusal: (message, cause) => new StartError(message, cause) });
}

export interface StandingExplanation {
  readonly code: 'OtherController' | 'OtherReplica';
  readonly detail: string;
  readonly unblock: string;
}

/** Why this replica does nothing for the key, in place of what it would say about the object; undefined while it is in charge. */
export function explainStanding(
  authority: Pick<Authority, 'standing' | 'describe' | 'leaseOf'>,
  key: string,
): StandingExplanation | undefined {
  switch (authority.standing(key)) {
    case 'in charge':
      return undefined;
    case 'other controller':
      return otherController(authority);
    case 'standby':
      return otherReplica(authority, key);
  }
}

function otherController(authority: Pick<Authority, 'describe'>): StandingExplanation {
  const { otherControllers } = authority.describe();
  const live = otherControllers.find(({ state }) => state === 'live');
  if (live !== undefined)
    return {
      code: 'OtherController',
      detail: `Another controller${live.holder === undefined ? '' : ` (${live.holder})`} holds the Lease ${live.lease}: this one only observes.`,
      unblock: 'Stop the other controller (docs/handover.md); this one goes on when its Lease has run out.',
    };
  const unknown = otherControllers.find(({ state }) => state === 'unknown');
  return {
    code: 'OtherController',
    detail: `Whether another controller holds the Lease ${unknown?.lease ?? ''} could not be read: this one only observes.`,
    unblock:
      'Allow it to get Leases there, or start it with --foreign-lease-namespace none if no other controller runs.',
  };
}

function otherReplica(authority: Pick<Authority, 'leaseOf'>, key: string): StandingExplanation {
  const { lease, holder } = authority.leaseOf(key);
  if (holder === undefined)
    return {
      code: 'OtherReplica',
      detail: `No replica holds the Lease ${lease} at the moment, and so nobody works on ${key}.`,
      unblock: 'Nothing to do: a replica takes it within seconds. If none does, look at the logs of the replicas.',
    };
  return {
    code: 'OtherReplica',
    detail: `Replica ${holder} holds the Lease ${lease} and looks after ${key}; this one only follows.`,
    unblock: 'Nothing to do: ask that replica.',
  };
}
